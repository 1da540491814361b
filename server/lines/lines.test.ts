import { existsSync, readFileSync, rmSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import {
  lineGreeting,
  addSeat,
  addTrunk,
  changeHotline,
  changeLine,
  changeSeat,
  changeTrunk,
  closeLine,
  listLines,
  listPrompts,
  listSeats,
  listTrunks,
  openLine,
  promptSoundPath,
  removeSeat,
  removeTrunk,
  renewSeatPassword,
  replacePrompt,
} from '../../api/administration.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { openLines, openSounds, trunkFor } from './lines.ts'
import { registerShipped } from './prompts.ts'
import { seatSpecs } from './seats.ts'
import { trunkSpecs } from './trunks.ts'

const { app, db, owner, ask, cookieOf, clock, keys, folder, devices, published } = await openTestApp()
let hotlineId: string
let cookie: string
let supervisor: string
let counsellor: { personId: string }

beforeAll(async () => {
  hotlineId = await aHotline(db)
  await inHotline(db, hotlineId, (tx) => registerShipped(tx, hotlineId, folder))
  const roles = async (role: 'administrator' | 'supervisor'): Promise<string> =>
    cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: [role] })).personId)
  cookie = await roles('administrator')
  supervisor = await roles('supervisor')
  counsellor = await aPerson(db, hotlineId)
})

const wav = (seconds: number): string => {
  const file = Buffer.alloc(44 + seconds * 16_000 * 2)
  file.write('RIFF', 0)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(16_000, 24)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(file.length - 44, 40)
  for (let at = 44; at < file.length; at += 2) file.writeInt16LE(Math.round(8000 * Math.sin(at / 20)), at)
  return file.toString('base64')
}
const lineId = (answer: Answer): string => String(answer.body['lineId'])

test('G24-3.1.4: a supervisor opens an event line with name and number; everybody may answer it', async () => {
  const opened = await ask(openLine, {
    cookie: supervisor,
    body: { name: '抗洪专线', number: '12356', kind: 'event' },
  })
  expect(opened).toMatchObject({
    status: 200,
    body: { hours: { always: true }, leastSeats: 2, offerTimeoutMs: 20_000, people: 2, closedAt: null },
  })
  const certified = await owner<{ person_id: string }>(
    'select person_id from person_line where line_id = $1',
    [lineId(opened)],
  )
  expect(certified.map((row) => row.person_id)).toContain(counsellor.personId)
  const taken = await ask(openLine, { cookie, body: { name: 'other', number: '12356', kind: 'general' } })
  expect(taken.body).toMatchObject({ code: 'line.numberTaken' })
  expect(published.at(-1)?.event).toEqual({ type: 'changed', what: 'lines' })
})

test('a closed line is kept, cannot be changed or closed again, and its number is free', async () => {
  const opened = await ask(openLine, { cookie, body: { name: 'a', number: '9001', kind: 'event' } })
  const params = { lineId: lineId(opened) }
  const closed = await ask(closeLine, { cookie: supervisor, params })
  expect(closed.body['closedAt']).toEqual(clock.now.toISOString())
  expect((await ask(closeLine, { cookie, params })).body).toMatchObject({ code: 'line.closed' })
  const { lineId: _id, openedAt: _at, closedAt: _closed, people: _people, ...settings } = opened.body
  const change = await ask(changeLine, { cookie, params, body: settings as never })
  expect(change.body).toMatchObject({ code: 'line.closed' })
  expect((await ask(openLine, { cookie, body: { name: 'b', number: '9001', kind: 'event' } })).status).toBe(
    200,
  )
  const { body } = await ask(listLines, { cookie })
  const rows = body['rows'] as { name: string; closedAt: string | null }[]
  expect(rows.at(-1)).toMatchObject({ name: 'a' })
  expect(rows.at(0)?.closedAt).toBeNull()
})

test('a line with hours serves in them, in the time zone of the hotline', async () => {
  const hotline = {
    name: '热线',
    department: '卫健委',
    timeZone: 'Asia/Urumqi',
    language: 'zh-CN',
    serviceLevelMs: 20_000,
  } as const
  expect((await ask(changeHotline, { cookie, body: hotline })).body).toEqual(hotline)
  const wrong = await ask(changeHotline, { cookie, body: { ...hotline, timeZone: 'Mars/Base' } })
  expect(wrong.body).toMatchObject({ code: 'request.malformed', detail: { fields: ['timeZone'] } })
  const days = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, from: '10:00', to: '11:00' }))
  const hours = { always: false as const, days }
  const opened = await ask(openLine, {
    cookie,
    body: { name: 'hours', number: '9002', kind: 'general', hours },
  })
  const at = async (time: string): Promise<unknown> =>
    (await inHotline(db, hotlineId, (tx) => openLines(tx, new Date(time)))).find(
      (line) => line.lineId === lineId(opened),
    )?.openNow
  expect(await at('2026-11-21T04:30:00Z')).toBe(true)
  expect(await at('2026-11-21T02:30:00Z')).toBe(false)
})

test("a desk phone's SIP password is shown once, kept sealed, and given to the switchboard", async () => {
  const added = await ask(addSeat, {
    cookie,
    body: { name: '话机', kind: 'phone', ownerId: counsellor.personId },
  })
  const { sipUser, sipPassword, seatId } = added.body as {
    sipUser: string
    sipPassword: string
    seatId: string
  }
  expect(sipPassword).toMatch(/^[a-z2-9]{16}$/)
  expect(devices).toContain(`seat ${sipUser}`)
  const [row] = await owner<{ sip_secret_sealed: Buffer }>(
    'select sip_secret_sealed from seat where seat_id = $1',
    [seatId],
  )
  expect(row?.sip_secret_sealed.includes(sipPassword)).toBe(false)
  const specs = (): Promise<unknown> => inHotline(db, hotlineId, (tx) => seatSpecs(tx, keys, hotlineId))
  expect(await specs()).toContainEqual({ seat: sipUser, kind: 'phone', secret: { password: sipPassword } })
  const renewed = await ask(renewSeatPassword, { cookie, params: { seatId } })
  expect(renewed.body['sipPassword']).not.toBe(sipPassword)
  expect(await specs()).toContainEqual({
    seat: sipUser,
    kind: 'phone',
    secret: { password: renewed.body['sipPassword'] },
  })
  const listed = await ask(listSeats, { cookie, query: { text: '话机' } })
  expect(JSON.stringify(listed.body)).not.toContain(String(renewed.body['sipPassword']))
})

test('a seat somebody sits at cannot be removed; a removed one gives its name free', async () => {
  const added = await ask(addSeat, { cookie, body: { name: '窗边', kind: 'browser' } })
  const params = { seatId: String(added.body['seatId']) }
  expect(added.body['sipPassword']).toBeNull()
  expect((await ask(addSeat, { cookie, body: { name: '窗边', kind: 'browser' } })).body).toMatchObject({
    code: 'seat.nameTaken',
  })
  const renamed = await ask(changeSeat, {
    cookie,
    params,
    body: { name: '门边', ownerId: counsellor.personId },
  })
  expect(renamed.body).toMatchObject({ name: '门边', ownerId: counsellor.personId })
  const stranger = await ask(changeSeat, { cookie, params, body: { name: '门边', ownerId: params.seatId } })
  expect(stranger.body).toMatchObject({ code: 'person.notFound' })
  const at = clock.now
  await inHotline(db, hotlineId, (tx) =>
    tx
      .insertInto('duty')
      .values({
        duty_id: params.seatId,
        hotline_id: hotlineId,
        person_id: counsellor.personId,
        seat_id: params.seatId,
        state: 'free',
        since: at,
        idle_since: at,
        started_at: at,
      })
      .execute(),
  )
  expect((await ask(removeSeat, { cookie, params })).body).toMatchObject({ code: 'seat.busy' })
  await inHotline(db, hotlineId, (tx) => tx.deleteFrom('duty').execute())
  expect((await ask(removeSeat, { cookie, params })).status).toBe(200)
  expect((await ask(removeSeat, { cookie, params })).body).toMatchObject({ code: 'seat.notFound' })
  expect((await ask(addSeat, { cookie, body: { name: '门边', kind: 'browser' } })).status).toBe(200)
})

test('G24-3.2.2b: the list of trunks says what the board tells of each, and since when', async () => {
  const body = { name: 'mobile-2', kind: 'address', host: '192.0.2.7' } as const
  const added = await ask(addTrunk, { cookie, body })
  expect(added.body).toMatchObject({ name: 'mobile-2', troubles: [] })
  const since = '2026-11-21T08:15:30.250Z'
  const told = (kind: string, trunk: string, over: boolean): Promise<unknown> =>
    owner(
      `insert into notice (notice_id, hotline_id, kind, data, at, ended_at)
        values (gen_random_uuid(), $1, $2, $3, $4, case when $5 then now() end)`,
      [hotlineId, kind, { trunk }, since, over],
    )
  await told('trunk-down', 'mobile-2', false)
  await told('trunk-poor', 'mobile-2', true)
  await told('trunk-poor', 'another', false)
  const listed = (await ask(listTrunks, { cookie })).body['rows']
  expect(listed).toMatchObject([{ name: 'mobile-2', troubles: [{ kind: 'trunk-down', since }] }])
  const params = { trunkId: String(added.body['trunkId']) }
  expect((await ask(removeTrunk, { cookie, params })).status).toBe(200)
})

test('a trunk is added, changed and removed; its password never comes back', async () => {
  const body = {
    name: 'telecom',
    kind: 'registration',
    host: 'sip.example.net',
    username: '0571',
    password: 'line secret',
    callerNumber: '057112356',
    outboundPatterns: ['1XXXXXXXXXX', '0571*'],
  } as const
  const given = { ...body, outboundPatterns: [...body.outboundPatterns] }
  const added = await ask(addTrunk, { cookie, body: given })
  const params = { trunkId: String(added.body['trunkId']) }
  const listed = await ask(listTrunks, { cookie })
  expect(JSON.stringify([added.body, listed.body])).not.toContain('line secret')
  expect((await ask(addTrunk, { cookie, body: given })).body).toMatchObject({ code: 'trunk.nameTaken' })
  await ask(changeTrunk, { cookie, params, body: { ...given, port: 5070, password: null } })
  const specs = await inHotline(db, hotlineId, (tx) => trunkSpecs(tx, keys, hotlineId))
  expect(specs).toMatchObject([
    { port: 5070, register: true, login: { user: '0571', password: 'line secret' } },
  ])
  const dial = (number: string): Promise<unknown> => inHotline(db, hotlineId, (tx) => trunkFor(tx, number))
  expect(await dial('13800138000')).toEqual({ trunk: 'telecom', from: '057112356' })
  expect(await dial('05718888')).not.toBeNull()
  expect(await dial('110')).toBeNull()
  expect((await ask(removeTrunk, { cookie, params })).status).toBe(200)
  expect(await dial('13800138000')).toBeNull()
  expect(devices.filter((note) => note === 'trunk telecom')).toHaveLength(3)
})

test('every word of the callers is there in both languages, with its text, as sound files', async () => {
  const { body } = await ask(listPrompts, { cookie, query: { limit: 100 } })
  const rows = body['rows'] as { key: string; language: string; words: string; durationMs: number }[]
  for (const key of ['greeting', 'consent', 'danger', 'survey', 'trouble'])
    for (const language of ['zh-CN', 'en'])
      expect(rows, key).toContainEqual(expect.objectContaining({ key, language }))
  for (const row of rows) expect(row.durationMs, `${row.key} ${row.language}`).toBeGreaterThan(200)
  const sounds = openSounds(db, folder)
  const said = await sounds.promptFiles(hotlineId, 'zh-CN', 'waiting-first', { n: 3, m: 250 })
  expect(said.versions).toEqual(['waiting-first.1@1', 'waiting-first.2@1', 'waiting-first.3@1'])
  expect(said.files.map((file) => file.split('/').at(-1))).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}\.wav$/),
    '3.wav',
    expect.stringMatching(/^[0-9a-f]{64}\.wav$/),
    '99.wav',
    expect.stringMatching(/^[0-9a-f]{64}\.wav$/),
  ])
  for (const file of said.files) expect(existsSync(file), file).toBe(true)
  expect(await sounds.promptFiles(hotlineId, 'en', 'no-such-words', {})).toEqual({ files: [], versions: [] })
})

test('a replaced prompt is a new version made for telephones; the old one stays', async () => {
  const params = { key: 'hold', language: 'zh-CN' as const, part: 0 }
  const replaced = await ask(replacePrompt, {
    cookie,
    params,
    body: { words: '请您稍等。', wavBase64: wav(2) },
  })
  expect(replaced).toMatchObject({
    status: 200,
    body: { version: 2, words: '请您稍等。', shipped: false, durationMs: 2000 },
  })
  const { files, versions } = await openSounds(db, folder).promptFiles(hotlineId, 'zh-CN', 'hold', {})
  expect(versions).toEqual(['hold.0@2'])
  expect(readFileSync(files[0] ?? '').readUInt32LE(24)).toBe(8000)
  for (const [version, status] of [
    [1, 200],
    [2, 200],
    [3, 404],
  ] as const) {
    const sound = await app.inject({ url: promptSoundPath('hold', 'zh-CN', 0, version), headers: { cookie } })
    expect(sound.statusCode).toBe(status)
    if (status === 200) expect(sound.headers['content-type']).toBe('audio/wav')
  }
  const changed = { to: { right: 'prompt.change' }, event: { type: 'changed', what: 'prompts' } }
  expect(published.at(-1)).toMatchObject(changed)
  const audit = await owner(
    `select 1 from audit_event where action = 'prompt.replaced' and subject = 'hold/zh-CN/0'`,
  )
  expect(audit).toHaveLength(1)
})

test('an upload that is no sound, too long, too large or for no prompt is refused and leaves nothing', async () => {
  const params = { key: 'greeting', language: 'en' as const, part: 0 }
  const put = async (wavBase64: string, to: object = {}): Promise<unknown> =>
    (await ask(replacePrompt, { cookie, params: { ...params, ...to }, body: { words: 'x', wavBase64 } }))
      .body['code']
  expect(
    await put(Buffer.from('<html>not a sound, but long enough to be one</html>').toString('base64')),
  ).toBe('prompt.notAudio')
  expect(await put('')).toBe('prompt.notAudio')
  expect(await put(wav(121))).toBe('prompt.tooLong')
  expect(await put(wav(1), { key: 'no-such-words' })).toBe('prompt.notFound')
  expect(await put('A'.repeat(22_500_000))).toBe('request.tooLarge')
  expect(
    await owner(`select 1 from prompt where key = 'greeting' and language = 'en' and version > 1`),
  ).toEqual([])
})

test('a line may have a greeting of its own; nobody else’s line may', async () => {
  const { lineId } = await aLine(db, hotlineId)
  const foreign = (await aLine(db, await aHotline(db))).lineId
  const put = (line: string) =>
    ask(replacePrompt, {
      cookie,
      params: { key: lineGreeting(line), language: 'zh-CN', part: 0 },
      body: { words: '这里是专线', wavBase64: wav(1) },
    })
  const sounds = openSounds(db, folder)
  const heard = async (): Promise<number> =>
    (await sounds.promptFiles(hotlineId, 'zh-CN', lineGreeting(lineId), {})).files.length
  expect(await heard()).toBe(0)
  expect((await put(lineId)).body).toMatchObject({ version: 1, words: '这里是专线' })
  expect(await heard()).toBe(1)
  expect((await put(foreign)).body['code']).toBe('prompt.notFound')
})

test('a prompt file that was lost from the folder is put back when it is next played', async () => {
  const sounds = openSounds(db, folder)
  const params = { key: 'join', language: 'en' as const, part: 0 }
  await ask(replacePrompt, { cookie, params, body: { words: 'x', wavBase64: wav(1) } })
  for (const key of ['join', 'thanks']) {
    const { files } = await sounds.promptFiles(hotlineId, 'en', key, {})
    const [file = ''] = files
    const before = readFileSync(file)
    rmSync(file)
    await sounds.promptFiles(hotlineId, 'en', key, {})
    expect(readFileSync(file).equals(before)).toBe(true)
  }
})
