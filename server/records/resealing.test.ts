import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { enterContact, listContacts, readForm } from '../../api/contacts.ts'
import { openProtocol, readCrisis, recordException, saveStep, type Crisis } from '../../api/crisis.ts'
import { lexemesOf } from '../../domain/search.ts'
import { wholeResponse } from '../../test/answers.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline, jsonb, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { answersOf } from './answers.ts'
import { destroyKey, findKeys, followKeys, makeWaiting, prepareKeys } from './data-keys.ts'
import { openKeys } from './keys.ts'
import { findProgress, isKeyUsed, resealAll, rotateKeys, sealWhatIsPlain } from './resealing.ts'
import { sealedColumns } from './sealed-columns.ts'
import { everythingIn, tracesOf } from './testing/dump.ts'

const { db, owner, ask, keys, folder, cookieOf, clock } = await openTestApp()
const [spoken, place, reason, phone] = ['紫霄阁旧事', '青槐里七号', '玄鸟将归', '13777776666']
let hotlineId: string
let lineId: string
let counsellor: string
let supervisor: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  counsellor = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { lines: [lineId] })).personId)
  const { personId } = await aPerson(db, hotlineId, { roles: ['supervisor'], lines: [lineId] })
  supervisor = await cookieOf(hotlineId, personId)
})

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

/** A contact whose answers name somebody, entered as a counsellor would. */
async function aContact(): Promise<string> {
  const response = wholeResponse({ notes: spoken, region: place, risk: 'moderate', riskReason: reason })
  const startedAt = new Date(clock.now.getTime() - 3_600_000).toISOString()
  const body = { lineId, startedAt, endedAt: clock.now.toISOString(), response, callerNumber: phone }
  const entered = await ask(enterContact, { cookie: counsellor, body })
  expect(entered.body).toMatchObject({ contactId: expect.any(String) })
  return String(entered.body['contactId'])
}

/** A step of a protocol that could not be done, and why. */
async function aRecordedStep(contactId: string): Promise<void> {
  await owner(`update contact set state = 'wrap-up' where contact_id = $1`, [contactId])
  const opened = await ask(openProtocol, { cookie: counsellor, params: { contactId }, body: {} })
  const [run] = (opened.body as unknown as Crisis).runs
  const text = run?.steps.flatMap((step) => step.items.map((item) => ({ step, item })))
  const found = text?.find(({ step, item }) => item.kind === 'text' && step.who !== 'supervisor')
  if (!run || !found) throw new Error('the protocol asks for no words')
  const { step, item } = found
  const saved = await ask(saveStep, {
    cookie: counsellor,
    params: { runId: run.runId, step: step.step },
    body: { record: { [item.id]: place }, revision: step.revision, done: false },
  })
  expect(saved.body).toMatchObject({ runs: expect.any(Array) })
}

/** A contact as it was written before answers were sealed. */
async function anOldContact(): Promise<string> {
  const contactId = newId()
  const response = wholeResponse({ notes: spoken, region: place })
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${clock.now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`update contact set form = ${jsonb(response)}, search = array_to_tsvector(${lexemesOf(spoken)}::text[])
      where contact_id = ${contactId}`.execute(tx)
  })
  return contactId
}

/** What must not be found: the words, pairs of their signs, and their bytes. */
const traces = [spoken, place, reason, phone].flatMap(tracesOf)
const pairs = lexemesOf(spoken).filter((word) => word.length > 1)
const found = async (): Promise<string[]> => {
  const dump = await everythingIn({ owner })
  return [...traces, ...pairs].filter((trace) => dump.includes(trace))
}

const notesOf = async (contactId: string): Promise<string> =>
  JSON.stringify((await ask(readForm, { cookie: supervisor, params: { contactId } })).body)
const search = async (text: string): Promise<string[]> => {
  const page = await ask(listContacts, { cookie: supervisor, query: { text } })
  return (page.body as { rows: { contactId: string }[] }).rows.map((row) => row.contactId)
}

test('G24-7.5c: the superuser of the database finds no identifying answer, note, reason or number in any column', async () => {
  const contactId = await aContact()
  const exception = {
    code: 'danger-to-self',
    basis: 'G24-7.5c',
    recipient: '110',
    data: ['phone'],
    words: spoken,
    callerTold: false,
    notToldBecause: reason,
  }
  const recorded = await ask(recordException, {
    cookie: counsellor,
    params: { contactId },
    body: exception as never,
  })
  expect(recorded.status).toBe(200)
  await aRecordedStep(contactId)
  expect(await found()).toEqual([])
  for (const words of [spoken, place, reason]) expect(await notesOf(contactId)).toContain(words)
  const crisis = await ask(readCrisis, { cookie: supervisor, params: { contactId } })
  expect(JSON.stringify(crisis.body['runs'])).toContain(place)
  expect(crisis.body).toMatchObject({
    entries: [{ source: 'judgement', reason }],
    exceptions: [{ words: spoken, notToldBecause: reason }],
  })
  expect(await search('紫霄阁')).toEqual([contactId])
  expect(await search('紫霄楼')).toEqual([])
})

test('G24-7.5b: records from before sealing are read and found as they stand, and sealed by the next start', async () => {
  const contactId = await anOldContact()
  await owner(`update protocol_step set record = jsonb_build_object('where', $1::text), skipped = $2`, [
    place,
    reason,
  ])
  expect(await found()).toEqual(expect.arrayContaining([spoken, place, reason]))
  expect(await notesOf(contactId)).toContain(spoken)
  expect(await search('紫霄阁')).toContain(contactId)
  await prepareKeys(db, keys, hotlineId)
  expect(await sealWhatIsPlain(db, keys, hotlineId)).toBeGreaterThan(0)
  expect(await found()).toEqual([])
  expect(await notesOf(contactId)).toContain(spoken)
  expect(await search('紫霄阁')).toContain(contactId)
  expect(await resealAll(db, keys, hotlineId)).toBe(0)
})

test('the sealing of an upgrade happens once, goes on where it was interrupted, and leaves a turning over of keys alone', async () => {
  const contactId = await anOldContact()
  expect(await sealWhatIsPlain(db, keys, hotlineId)).toBe(0)
  expect(await found()).toEqual(expect.arrayContaining([spoken]))
  await owner(
    `update resealing set finished_at = null, beyond = null where target = 'contact.answers_sealed'`,
  )
  expect(await sealWhatIsPlain(db, keys, hotlineId)).toBe(1)
  expect(await found()).toEqual([])
  expect(await notesOf(contactId)).toContain(spoken)
  await owner(
    `update resealing set finished_at = null, beyond = null where target = 'contact.answers_sealed'`,
  )
  await makeWaiting(db, keys, hotlineId)
  expect(await sealWhatIsPlain(db, keys, hotlineId)).toBe(0)
  expect(await rotateKeys(db, keys, hotlineId, 0)).toBeGreaterThan(0)
})

const sealedWith = async (keyId: string): Promise<boolean> => isKeyUsed(db, keys, hotlineId, keyId)
const sealingNow = async (): Promise<string[]> =>
  (await inside((tx) => findKeys(tx, hotlineId)))
    .filter((key) => key.state === 'sealing' && key.way === 'aes-256-gcm' && key.key_class !== 'first')
    .map((key) => key.key_id)

test('G24-6.2.2c: keys are turned over while another server works, and an old one is destroyed when nothing uses it', async () => {
  const contactId = await aContact()
  // As an older version cut them: not at all.
  await owner(`update contact set search = '' where contact_id = $1`, [contactId])
  expect(await search('紫霄阁')).not.toContain(contactId)
  await keys.makeRecordingKeys(hotlineId)
  const identity = keys.recordingIdentity(hotlineId)
  const elsewhere = openKeys(folder, keys.check)
  const unfollow = await followKeys(db, elsewhere, (error) => expect(error).toBeNull())
  const before = await sealingNow()
  expect(await rotateKeys(db, keys, hotlineId, 200)).toBeGreaterThan(0)
  const after = await sealingNow()
  expect(after).toHaveLength(before.length)
  expect(after.filter((key) => before.includes(key))).toEqual([])
  for (const key of before) expect(await sealedWith(key)).toBe(false)
  expect(await notesOf(contactId)).toContain(spoken)
  expect(await search('紫霄阁')).toContain(contactId)
  expect(keys.recordingIdentity(hotlineId)).toBe(identity)
  const [row] = await owner<{ contact_id: string; form: unknown; answers_sealed: Buffer }>(
    'select contact_id, form, answers_sealed from contact where contact_id = $1',
    [contactId],
  )
  if (!row) throw new Error('the contact is gone')
  expect(JSON.stringify(answersOf(elsewhere, hotlineId).open(row))).toContain(spoken)
  unfollow()
  for (const key of before) await destroyKey(db, keys, hotlineId, key)
  expect(await notesOf(contactId)).toContain(spoken)
  expect(await found()).toEqual([])
})

test('G24-6.2.2c: a turning over that was interrupted goes on where it was, with the keys it began with', async () => {
  await aContact()
  const broken = await aContact()
  const [kept] = await owner<{ value: Buffer }>(
    'select caller_number_sealed as value from contact where contact_id = $1',
    [broken],
  )
  const write = (value: Buffer | undefined) =>
    owner('update contact set caller_number_sealed = $2 where contact_id = $1', [broken, value])
  await write(Buffer.from('020000000000000000000000000000000000', 'hex'))
  await expect(rotateKeys(db, keys, hotlineId, 0)).rejects.toThrow()
  const began = await sealingNow()
  const progress = await inside(findProgress)
  expect(progress.filter((one) => one.finished_at !== null).map((one) => one.target)).toEqual([
    'contact.answers_sealed',
    'protocol_step',
  ])
  expect(await notesOf(broken)).toContain(spoken)
  await write(kept?.value)
  expect(await rotateKeys(db, keys, hotlineId, 0)).toBeGreaterThan(0)
  expect(await sealingNow()).toEqual(began)
  expect((await inside(findProgress)).filter((one) => one.finished_at === null)).toEqual([])
  expect(await found()).toEqual([])
})

test("G24-7.5c: another contact's sealed answers, another hotline's key and a changed byte open nothing", async () => {
  const [one, two] = [await aContact(), await aContact()]
  const stranger = await aHotline(db)
  await prepareKeys(db, keys, stranger)
  const rows = await owner<{ contact_id: string; form: unknown; answers_sealed: Buffer }>(
    'select contact_id, form, answers_sealed from contact where contact_id = any($1) order by contact_id = $2',
    [[one, two], two],
  )
  const [first, second] = rows
  if (!first || !second) throw new Error('the contacts are gone')
  const own = answersOf(keys, hotlineId)
  expect(() => own.open(first)).not.toThrow()
  expect(() => own.open({ ...first, answers_sealed: second.answers_sealed })).toThrow()
  expect(() => answersOf(keys, stranger).open(first)).toThrow()
  for (let at = 0; at < first.answers_sealed.length; at += 1) {
    const changed = Buffer.from(first.answers_sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => own.open({ ...first, answers_sealed: changed })).toThrow()
  }
})

test('every sealed column of the schema is one that the job goes through', async () => {
  const columns = await owner<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea' and column_name like '%sealed' order by 1`,
  )
  const known = sealedColumns
    .filter((one) => one.holds === 'bytes')
    .map((one) => `${one.table}.${one.column}`)
  expect(columns.map((one) => one.name)).toEqual([...known, 'contact.answers_sealed'].sort())
})
