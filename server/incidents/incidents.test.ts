import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import {
  addEntry,
  closeIncident,
  decideCluster,
  listClusters,
  listEntries,
  listIncidents,
  openIncident,
  readIncident,
  reopenIncident,
} from '../../api/incidents.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

const { db, owner, ask, cookieOf, clock, published } = await openTestApp()
let hotlineId: string
let lineId: string
let supervisor: string
let counsellor: string
let elsewhere: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  const person = await aPerson(db, hotlineId, { name: '王督导', roles: ['supervisor'] })
  supervisor = await cookieOf(hotlineId, person.personId)
  counsellor = await cookieOf(hotlineId, (await aPerson(db, hotlineId)).personId)
  const other = await aHotline(db)
  elsewhere = await cookieOf(other, (await aPerson(db, other, { roles: ['supervisor'] })).personId)
})

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

const anIncident = async (title = '某小区封闭'): Promise<string> => {
  const { body } = await ask(openIncident, {
    cookie: supervisor,
    body: { kind: 'group', title, words: '三位求助者说到同一件事。' },
  })
  return String(body['incidentId'])
}
const add = (incidentId: string, body: object, cookie = supervisor) =>
  ask(addEntry, { cookie, params: { incidentId }, body: body as never })
const read = (incidentId: string) => ask(readIncident, { cookie: supervisor, params: { incidentId } })
const log = async (incidentId: string, query: object = {}) =>
  (await ask(listEntries, { cookie: supervisor, params: { incidentId }, query })).body as unknown as {
    rows: Record<string, unknown>[]
    next: string | null
  }

const aContact = async (): Promise<{ contactId: string; number: number }> => {
  const contactId = newId()
  const { rows } = await inside((tx) =>
    sql<{
      number: number
    }>`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${clock.now}, null, null,
      null, null, true, null, null, null, '{}') as number`.execute(tx),
  )
  return { contactId, number: rows[0]?.number ?? 0 }
}

test('G24-7.3: an incident is opened, grows by notes, measures, who was told and contacts, and its log verifies', async () => {
  const incidentId = await anIncident()
  const contact = await aContact()
  await add(incidentId, { kind: 'measure', words: '加派两个坐席。' })
  await add(incidentId, { kind: 'told', words: '电话报告。', to: '区联防联控机制' })
  await add(incidentId, { kind: 'contact', contactNumber: contact.number })
  expect((await add(incidentId, { kind: 'contact', contactNumber: contact.number })).body['entries']).toBe(4)
  expect((await log(incidentId)).rows).toMatchObject([
    { seq: 4, kind: 'contact', contact: { ...contact, open: false } },
    { seq: 3, kind: 'told', to: '区联防联控机制', words: '电话报告。' },
    { seq: 2, kind: 'measure', person: '王督导' },
    { seq: 1, kind: 'opened', words: '三位求助者说到同一件事。' },
  ])
  expect((await read(incidentId)).body).toMatchObject({ entries: 4, brokenAt: null, state: 'open' })
  const [event] = await owner<{ kind: string }>(
    'select kind from contact_event where contact_id = $1 order by seq desc limit 1',
    [contact.contactId],
  )
  expect(event?.kind).toBe('incident-linked')
  expect(published).toContainEqual({
    hotlineId,
    to: { right: 'incident.work' },
    event: { type: 'changed', what: 'incidents' },
  })
})

test('G24-7.3: a mistake is corrected by a further entry, and both stay to be read', async () => {
  const incidentId = await anIncident()
  await add(incidentId, { kind: 'note', words: '涉及 12 人。' })
  await add(incidentId, { kind: 'correction', words: '应为 21 人。', corrects: 2 })
  expect((await log(incidentId)).rows).toMatchObject([
    { seq: 3, corrects: 2 },
    { seq: 2, words: '涉及 12 人。', correctedBy: 3 },
    { seq: 1, correctedBy: null },
  ])
  const beyond = await add(incidentId, { kind: 'correction', words: '不存在', corrects: 99 })
  expect(beyond.status).toBe(400)
})

test('G24-7.3: the product itself can neither change, delete nor forge what was written', async () => {
  const incidentId = await anIncident()
  const attempts = [
    sql`update incident_entry set data = '{"words":"没事"}' where incident_id = ${incidentId}`,
    sql`delete from incident_entry where incident_id = ${incidentId}`,
    sql`insert into incident_entry (incident_id, seq, hotline_id, at, kind, hash)
      values (${incidentId}, 9, ${hotlineId}, now(), 'note', '\\x')`,
    sql`update incident set entry_count = 0 where incident_id = ${incidentId}`,
    sql`delete from incident where incident_id = ${incidentId}`,
    sql`truncate incident_entry`,
  ]
  for (const attempt of attempts)
    await expect(inside((tx) => attempt.execute(tx))).rejects.toMatchObject({ code: '42501' })
  // Sealed words may be sealed anew, and nothing but sealed words may stand there.
  for (const [table, column] of [
    ['incident', 'title'],
    ['kept_words', 'words'],
  ] as const)
    await expect(
      inside((tx) => sql`update ${sql.table(table)} set ${sql.ref(column)} = '没事'`.execute(tx)),
    ).rejects.toMatchObject({ code: 'HL001' })
  expect((await log(incidentId)).rows).toHaveLength(1)
})

test('G24-7.3: whoever gets round the product is found out: a changed word, a lost entry, a changed name', async () => {
  const changes: [string, number][] = [
    [`update incident_entry set data = '{"words":"没事"}' where incident_id = $1 and seq = 2`, 2],
    [`update incident_entry set at = at + interval '1 minute' where incident_id = $1 and seq = 3`, 3],
    [`delete from incident_entry where incident_id = $1 and seq = 2`, 2],
    [`update incident set title = '没事' where incident_id = $1`, 1],
    [`delete from kept_words where incident_id = $1`, 1],
    [`update kept_words set words = replace(words, 'A', 'B') where incident_id = $1`, 1],
  ]
  for (const [change, brokenAt] of changes) {
    const incidentId = await anIncident()
    await add(incidentId, { kind: 'note', words: '一' })
    await add(incidentId, { kind: 'note', words: '二' })
    await owner(`begin; set local session_replication_role = replica;
      ${change.replace('$1', `'${incidentId}'`)}; commit`)
    expect((await read(incidentId)).body['brokenAt']).toBe(brokenAt)
  }
})

test('a closed incident takes nothing more until it is opened again, both with their words', async () => {
  const incidentId = await anIncident()
  const params = { incidentId }
  const close = () => ask(closeIncident, { cookie: supervisor, params, body: { words: '已恢复平静。' } })
  expect((await close()).body['state']).toBe('closed')
  expect((await close()).status).toBe(200)
  expect((await add(incidentId, { kind: 'note', words: '又有一通' })).body).toMatchObject({
    code: 'incident.closed',
  })
  await ask(reopenIncident, { cookie: supervisor, params, body: { words: '又有来电。' } })
  expect((await log(incidentId)).rows.map((row) => row['kind'])).toEqual(['reopened', 'closed', 'opened'])
  expect((await add(incidentId, { kind: 'note', words: '又有一通' })).status).toBe(200)
})

test('incidents are numbered without gaps, listed page by page, found by words in title and log', async () => {
  const fresh = await aHotline(db)
  const cookie = await cookieOf(fresh, (await aPerson(db, fresh, { roles: ['administrator'] })).personId)
  const open = (title: string, words: string) =>
    ask(openIncident, { cookie, body: { kind: 'society', title, words } })
  const made = await Promise.all([
    open('地震', '余震不断'),
    open('洪水', '转移安置'),
    open('火灾', '家属在医院'),
  ])
  expect(new Set(made.map((each) => each.body['number']))).toEqual(new Set([1, 2, 3]))
  const titles = async (query: object): Promise<unknown[]> =>
    ((await ask(listIncidents, { cookie, query })).body['rows'] as { title: string }[]).map(
      (row) => row.title,
    )
  const first = await ask(listIncidents, { cookie, query: { limit: 2 } })
  expect((first.body['rows'] as unknown[]).length).toBe(2)
  expect(await titles({ limit: 2, after: String(first.body['next']) })).toHaveLength(1)
  expect(await titles({ text: '转移' })).toEqual(['洪水'])
  expect(await titles({ text: '火灾' })).toEqual(['火灾'])
  expect(await titles({ text: '%' })).toEqual([])
  expect(await titles({ state: 'closed' })).toEqual([])
})

test('neither a counsellor nor another hotline sees or touches an incident', async () => {
  const incidentId = await anIncident()
  expect((await ask(listIncidents, { cookie: counsellor })).status).toBe(403)
  expect((await ask(readIncident, { cookie: elsewhere, params: { incidentId } })).status).toBe(404)
  expect((await add(incidentId, { kind: 'note', words: '外人' }, elsewhere)).status).toBe(404)
})

test('notice 2020-8: what a person calls a group crisis becomes an incident with its contacts; a judgement stands', async () => {
  const contacts = [await aContact(), await aContact()]
  const clusterId = newId()
  await inside((tx) =>
    sql`insert into cluster (cluster_id, hotline_id, area, topic, week, count, expected, contact_ids, proposed_at)
      values (${clusterId}, ${hotlineId}, '420100', 'grief', '2026-11-16', 7, 1.5,
        ${contacts.map((each) => each.contactId)}::uuid[], ${clock.now})`.execute(tx),
  )
  const judge = (decision: string, reason = '同一次事故') =>
    ask(decideCluster, { cookie: supervisor, params: { clusterId }, body: { decision, reason } as never })
  expect((await judge('watch', '')).status).toBe(400)
  expect((await judge('watch')).body).toMatchObject({
    decision: 'watch',
    decidedBy: '王督导',
    incidentId: null,
  })
  const open = await ask(listClusters, { cookie: supervisor })
  expect(open.body['rows']).toMatchObject([{ clusterId, count: 7, contacts }])
  const judged = await judge('group-crisis')
  const incidentId = String(judged.body['incidentId'])
  expect((await log(incidentId)).rows.map((row) => row['contact'])).toMatchObject([
    ...contacts.toReversed(),
    null,
  ])
  expect((await read(incidentId)).body).toMatchObject({
    kind: 'group',
    title: '湖北 武汉 · 丧失与哀伤 · 2026-11-16',
    brokenAt: null,
  })
  expect((await judge('group-crisis')).body['incidentId']).toBe(incidentId)
  expect((await judge('not-one')).body).toMatchObject({ code: 'cluster.alreadyDecided' })
  expect((await ask(listClusters, { cookie: supervisor })).body['rows']).toEqual([])
  expect((await ask(listClusters, { cookie: supervisor, query: { open: 'no' } })).body['rows']).toHaveLength(
    1,
  )
})
