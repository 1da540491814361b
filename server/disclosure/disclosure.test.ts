import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity } from 'age-encryption'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import {
  addReceiver,
  askDisclosure,
  decideDisclosure,
  enterReceipt,
  handOver,
  listDisclosures,
  listReceivers,
  lookAtContents,
  makePackage,
  packagePath,
  readDisclosure,
  removeReceiver,
  withdrawDisclosure,
} from '../../api/disclosure.ts'
import type { Input } from '../../api/endpoint.ts'
import type { Role } from '../../domain/permission.ts'
import { openTestApp, origin, type Answer } from '../../test/app.ts'
import { inHotline } from '../db/database.ts'
import { checkPackage } from './disclosure.ts'
import { aScene, secretWords } from './testing/scene.ts'

const app = await openTestApp()
const { ask, owner } = app
let scene: Awaited<ReturnType<typeof aScene>>
beforeAll(async () => {
  scene = await aScene(app)
})

type Wish = Input<typeof askDisclosure>['body']
const words = '转介就诊,只给就诊需要的部分'

const wishFor = (numbers: number[], more: Partial<Wish> = {}): Wish => ({
  receiverId: scene.receiverId,
  purpose: 'continued-care',
  basis: 'consent',
  contactNumbers: numbers,
  facts: ['times', 'risk'],
  questions: ['danger', 'distressBefore'],
  sound: false,
  words,
  ...more,
})
const asked = (body: Wish, cookie = scene.people.custodian.cookie): Promise<Answer> =>
  ask(askDisclosure, { cookie, body })
const idOf = (answer: Answer): string => String(answer.body['disclosureId'])
const decide = (disclosureId: string, cookie: string, decision: 'approve' | 'refuse' = 'approve') =>
  ask(decideDisclosure, { cookie, params: { disclosureId }, body: { decision, words: '同意' } })
const made = (disclosureId: string) =>
  ask(makePackage, { cookie: scene.people.custodian.cookie, params: { disclosureId } })

/** A contact whose caller agreed to being told about. */
const consented = async (given: Record<string, string> = {}) => {
  const contact = await scene.enter(given)
  await scene.consent(contact.contactId, 'referral', 'given')
  return contact
}

const taking = (disclosureId: string, cookie: string) =>
  app.app.inject({
    method: 'GET',
    url: packagePath(disclosureId),
    headers: { host: 'hotline.test', origin, cookie },
  })

/** Downloads a package into a file and gives its path. */
const downloaded = async (disclosureId: string): Promise<string> => {
  const response = await taking(disclosureId, scene.people.custodian.cookie)
  expect(response.statusCode).toBe(200)
  const path = join(app.folder, `${disclosureId}.downloaded`)
  writeFileSync(path, response.rawPayload)
  return path
}

/** Everything a checked package holds, as one text, and its names. */
const inside = async (path: string, identity: string) => {
  const into = `${path}.open`
  const checked = await checkPackage(path, identity, { into })
  const names = readdirSync(into, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(into.length + 1))
  const text = names.map((name) => readFileSync(join(into, name), 'utf8')).join('\n')
  return { checked, names, text, file: (name: string) => readFileSync(join(into, name)) }
}

test('G24-6.2.2c: asked, approved by another, packaged, handed over and received: each step on the record', async () => {
  const contact = await consented()
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  expect((await decide(disclosureId, scene.people.supervisor.cookie)).body['state']).toBe('approved')
  const packaged = await made(disclosureId)
  expect(packaged.body).toMatchObject({ state: 'packaged', making: false, brokenAt: null })
  const path = await downloaded(disclosureId)
  const signer = app.keys.signer(scene.hotlineId).toString('base64url')
  expect(packaged.body['signer']).toBe(signer)
  const { receipt, sha256 } = await checkPackage(path, scene.identity, { signer })
  expect(packaged.body['package']).toMatchObject({ sha256, kept: true })
  const cookie = scene.people.custodian.cookie
  const handed = await ask(handOver, { cookie, params: { disclosureId }, body: { words: '当面交光盘' } })
  expect(handed.body['state']).toBe('handed-over')
  const wrong = await ask(enterReceipt, { cookie, params: { disclosureId }, body: { receipt: '0000' } })
  expect([wrong.status, wrong.body['code']]).toEqual([409, 'disclosure.wrongReceipt'])
  const received = await ask(enterReceipt, {
    cookie,
    params: { disclosureId },
    body: { receipt: receipt.toLowerCase() },
  })
  expect(received.body).toMatchObject({ state: 'received', brokenAt: null, package: { kept: false } })
  expect((received.body['log'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
    'asked',
    'approved',
    'packaged',
    'downloaded',
    'handed-over',
    'received',
  ])
  expect(existsSync(join(app.folder, 'packages', scene.hotlineId, `${disclosureId}.age`))).toBe(false)
  const audit = await owner<{ action: string }>(
    `select action from audit_event where subject = $1 and action <> 'disclosure.read' order by seq`,
    [disclosureId],
  )
  expect(audit.map(({ action }) => action)).toEqual([
    'disclosure.asked',
    'disclosure.approved',
    'disclosure.packaged',
    'disclosure.downloaded',
    'disclosure.handedOver',
    'disclosure.received',
  ])
  const events = await owner(`select from contact_event where contact_id = $1 and kind = 'disclosed'`, [
    contact.contactId,
  ])
  expect(events).toHaveLength(1)
})

test('G24-7.5c: a package holds what was chosen, and not one word or fact more', async () => {
  const contact = await consented({ agreedGoal: '=HYPERLINK("http://x","再来")' })
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  await decide(disclosureId, scene.people.other.cookie)
  await made(disclosureId)
  const { text, names, file } = await inside(await downloaded(disclosureId), scene.identity)
  const folder = `contacts/${contact.number}`
  expect(names.filter((name) => !name.startsWith('questionnaires/')).toSorted()).toEqual(
    ['readme.txt', 'contacts.csv', 'contacts.xlsx', `${folder}/encounter.json`, `${folder}/response.json`]
      .concat('manifest.json')
      .toSorted(),
  )
  for (const secret of [secretWords, '13800138000', 'HYPERLINK', scene.people.counsellor.name, '普通线路'])
    expect(text).not.toContain(secret)
  const response = JSON.parse(file(`${folder}/response.json`).toString()) as { item: { item: object[] }[] }
  expect(response).toMatchObject({ resourceType: 'QuestionnaireResponse', status: 'completed' })
  expect(JSON.stringify(response)).toContain('distressBefore')
  expect(JSON.stringify(response)).not.toContain('distressAfter')
  expect(JSON.parse(file(`${folder}/encounter.json`).toString())).toMatchObject({
    resourceType: 'Encounter',
    class: { code: 'VR' },
  })
})

test('G24-7.5c: what a caller typed is never a formula in what leaves', async () => {
  const contact = await consented({ agreedGoal: '=HYPERLINK("http://x","再来")', notes: '+1' })
  const given = { questions: ['agreedGoal', 'notes'], facts: ['callerNumber' as const] }
  const disclosureId = idOf(await asked(wishFor([contact.number], given)))
  await decide(disclosureId, scene.people.supervisor.cookie)
  await made(disclosureId)
  const { file } = await inside(await downloaded(disclosureId), scene.identity)
  const csv = file('contacts.csv').toString()
  expect(csv).toContain(`"'=HYPERLINK(""http://x"",""再来"")"`)
  expect(csv).toContain(`,'+1`)
  expect(csv).toContain('13800138000')
})

test('G24-7.5c: nobody approves their own request, neither by the screen nor by the database', async () => {
  const contact = await consented()
  const { custodian, supervisor, counsellor, auditor } = scene.people
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  const own = await decide(disclosureId, custodian.cookie)
  expect([own.status, own.body['code']]).toEqual([409, 'disclosure.needsAnother'])
  expect((await made(disclosureId)).body['code']).toBe('disclosure.wrongState')
  for (const [person, status] of [
    [counsellor, 403],
    [auditor, 403],
  ] as const)
    expect((await decide(disclosureId, person.cookie)).status).toBe(status)
  await expect(
    inHotline(app.db, scene.hotlineId, (tx) =>
      sql`select append_disclosure(${disclosureId}, now(), ${custodian.personId}, 'approved', '{}')`.execute(
        tx,
      ),
    ),
  ).rejects.toThrow()
  for (const forbidden of [
    sql`update disclosure set state = 'approved'`,
    sql`insert into disclosure_entry (disclosure_id, seq, hotline_id, at, person_id, kind, hash)
      values (${disclosureId}, 2, ${scene.hotlineId}, now(), ${supervisor.personId}, 'approved', '')`,
    sql`delete from disclosure_contact`,
    sql`update receiver set recipient = 'age1'`,
  ])
    await expect(inHotline(app.db, scene.hotlineId, (tx) => forbidden.execute(tx))).rejects.toThrow()
  expect((await decide(disclosureId, supervisor.cookie, 'refuse')).body['state']).toBe('refused')
  expect((await decide(disclosureId, supervisor.cookie)).status).toBe(409)
})

test('G24-7.5c: who has not just shown who they are neither asks, decides, packs nor takes a package away', async () => {
  const contact = await consented()
  const stale = async (...roles: Role[]): Promise<string> => {
    const cookie = await scene.someone(...roles)
    await owner(`update session set fresh_at = fresh_at - interval '10 minutes' where person_id = $1`, [
      cookie.personId,
    ])
    return cookie.cookie
  }
  const [custodian, supervisor] = [await stale('custodian'), await stale('supervisor')]
  const refused = { status: 403, body: { code: 'session.notFresh' } }
  expect(await asked(wishFor([contact.number]), custodian)).toMatchObject(refused)
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  expect(await decide(disclosureId, supervisor)).toMatchObject(refused)
  await decide(disclosureId, scene.people.supervisor.cookie)
  const making = { cookie: custodian, params: { disclosureId } }
  expect(await ask(makePackage, making)).toMatchObject(refused)
  await made(disclosureId)
  const taken = await taking(disclosureId, custodian)
  expect([taken.statusCode, taken.json()]).toEqual([403, { code: 'session.notFresh', detail: {} }])
  const { body } = await ask(readDisclosure, { cookie: custodian, params: { disclosureId } })
  expect((body['log'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
    'asked',
    'approved',
    'packaged',
  ])
})

test('G24-7.5c: without consent on record nothing leaves by consent, and a consent taken back counts at once', async () => {
  const contact = await scene.enter()
  const none = await asked(wishFor([contact.number]))
  expect([none.status, none.body['code'], none.body['detail']]).toEqual([
    409,
    'disclosure.notAllowed',
    { reasons: ['noConsent'] },
  ])
  await scene.consent(contact.contactId, 'disclosure', 'given')
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  await decide(disclosureId, scene.people.supervisor.cookie)
  await scene.consent(contact.contactId, 'disclosure', 'withdrawn')
  const late = await made(disclosureId)
  expect(late.body).toMatchObject({ code: 'disclosure.notAllowed', detail: { reasons: ['noConsent'] } })
  const taken = await ask(withdrawDisclosure, {
    cookie: scene.people.custodian.cookie,
    params: { disclosureId },
    body: { words: '求助者撤回了同意' },
  })
  expect(taken.body['state']).toBe('withdrawn')
})

test('G24-7.5a, G24-7.5c: sound leaves whole where consent stands and the purpose carries it, and not otherwise', async () => {
  const [kept, withdrawn] = [await scene.enter(), await scene.enter()]
  await scene.record(kept.contactId, 'given')
  await scene.record(withdrawn.contactId, 'withdrawn')
  const formal = {
    purpose: 'formal-request' as const,
    basis: 'formal-document' as const,
    document: '京公协查〔2026〕1号',
    questions: [],
    sound: true,
  }
  const looked = await ask(lookAtContents, {
    cookie: scene.people.custodian.cookie,
    body: { contactNumbers: [kept.number, withdrawn.number], purpose: 'formal-request' },
  })
  expect(looked.body['contacts']).toMatchObject([{ recordings: 1 }, { recordings: 0 }])
  expect(JSON.stringify(looked.body)).not.toContain(secretWords)
  const refusal = await asked(wishFor([withdrawn.number], formal))
  expect(refusal.body['detail']).toEqual({ reasons: ['soundNotConsented'] })
  const paperless = await asked(wishFor([kept.number], { ...formal, document: '' }))
  expect(paperless.body['detail']).toEqual({ reasons: ['noDocument'] })
  const disclosureId = idOf(await asked(wishFor([kept.number, withdrawn.number], formal)))
  await decide(disclosureId, scene.people.supervisor.cookie)
  await made(disclosureId)
  const { names, file } = await inside(await downloaded(disclosureId), scene.identity)
  const sounds = names.filter((name) => name.endsWith('.wav'))
  expect(sounds).toEqual([`contacts/${kept.number}/recording-1.wav`])
  expect(file(sounds[0] ?? '').toString('latin1', 0, 4)).toBe('RIFF')
  expect(file(sounds[0] ?? '')).toHaveLength(44 + 8000 * 4)
})

test('G24-6.2.2c: another receiver opens nothing of it; a restricted contact leaves with nobody', async () => {
  const contact = await consented()
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  await decide(disclosureId, scene.people.supervisor.cookie)
  await owner(
    `insert into retention_decision (decision_id, hotline_id, contact_id, kind, reason, decided_by, at)
     values (gen_random_uuid(), $1, $2, 'restrict', 'x', $3, now())`,
    [scene.hotlineId, contact.contactId, scene.people.custodian.personId],
  )
  expect((await made(disclosureId)).body['code']).toBe('contact.notFound')
  const next = await consented()
  const another = idOf(await asked(wishFor([next.number])))
  await decide(another, scene.people.supervisor.cookie)
  await made(another)
  const path = await downloaded(another)
  await expect(checkPackage(path, await generateX25519Identity())).rejects.toMatchObject({ why: 'notOpened' })
})

test('the register is searched, narrowed and read page by page, by number and without gaps', async () => {
  const contact = await consented()
  for (let n = 0; n < 3; n += 1) await asked(wishFor([contact.number], { words: `第 ${n} 次` }))
  const cookie = scene.people.auditor.cookie
  const numbers: number[] = []
  for (let after: string | undefined; ;) {
    const { body } = await ask(listDisclosures, { cookie, query: { limit: 2, ...(after ? { after } : {}) } })
    numbers.push(...(body['rows'] as { number: number }[]).map((row) => row.number))
    if (typeof body['next'] !== 'string') break
    after = body['next']
  }
  expect(numbers).toEqual(numbers.map((_, place) => numbers.length - place))
  const found = await ask(listDisclosures, { cookie, query: { text: '第 1 次' } })
  expect(found.body['rows']).toHaveLength(1)
  const byContact = await ask(listDisclosures, {
    cookie,
    query: { text: String(contact.number), state: 'asked' },
  })
  expect((byContact.body['rows'] as unknown[]).length).toBeGreaterThanOrEqual(3)
})

test('G24-7.3: a changed entry of a disclosure’s log is told where it is read', async () => {
  const contact = await consented()
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  await owner(`alter table disclosure_entry disable trigger user`)
  await owner(`update disclosure_entry set data = data || '{"basis":"pipl-13-4"}' where disclosure_id = $1`, [
    disclosureId,
  ])
  await owner(`alter table disclosure_entry enable trigger user`)
  const { body } = await ask(readDisclosure, {
    cookie: scene.people.supervisor.cookie,
    params: { disclosureId },
  })
  expect(body['brokenAt']).toBe(1)
})

test('receivers: a key that is none is refused, one taken away gets nothing, another hotline sees neither', async () => {
  const { cookie } = scene.people.custodian
  const bad = await ask(addReceiver, { cookie, body: { name: 'x', recipient: 'age1xyz', checked: 'x' } })
  expect([bad.status, bad.body['code']]).toEqual([400, 'receiver.badKey'])
  const elsewhere = await aScene(app)
  const theirs = elsewhere.people.custodian.cookie
  const listed = await ask(listReceivers, { cookie: theirs, query: {} })
  expect(listed.body['rows']).toHaveLength(1)
  const contact = await consented()
  const disclosureId = idOf(await asked(wishFor([contact.number])))
  for (const cookieOfOther of [theirs, elsewhere.people.supervisor.cookie]) {
    const read = await ask(readDisclosure, { cookie: cookieOfOther, params: { disclosureId } })
    expect(read.body['code']).toBe('disclosure.notFound')
  }
  expect((await decide(disclosureId, elsewhere.people.supervisor.cookie)).status).toBe(404)
  expect((await asked(wishFor([contact.number]), theirs)).body['code']).toBe('receiver.notFound')
  await ask(removeReceiver, { cookie, params: { receiverId: scene.receiverId } })
  expect((await asked(wishFor([contact.number]))).body['code']).toBe('receiver.notFound')
})
