import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { answerDisposal, decideKeeping, proposeDisposal } from '../../api/retention.ts'
import { may, roles, type Role } from '../../domain/permission.ts'
import { aPerson } from '../../test/database.ts'
import { fillEmptyTables } from '../db/testing/furniture.ts'
import { openScene } from './testing/scene.ts'

const scene = await openScene()
const { app, as, contact, cookieOf, hotlineId, inside, owner } = scene
const cookies = new Map<Role, string>()
let contactId: string
/** Words that only rows about the contact have, and its id. */
let words: string[]

/** One contact with a row about it in every table of the house. */
beforeAll(async () => {
  contactId = await contact(new Date(Date.now() - 3_600_000), { recorded: true })
  const tables = await owner<{ table_name: string }>(
    `select table_name from information_schema.columns
     where table_schema = 'public' and column_name = 'hotline_id' order by table_name`,
  )
  await fillEmptyTables(
    owner,
    hotlineId,
    tables.map((row) => row.table_name),
  )
  const [profile] = await owner<{ profile_id: string }>(`select profile_id from caller_profile`)
  await inside((tx) =>
    sql`update contact set risk = 'high', profile_id = ${profile?.profile_id ?? null}, profile_answer = 'same'
      where contact_id = ${contactId}`.execute(tx),
  )
  for (const role of roles) {
    const { personId } = await aPerson(scene.db, hotlineId, { roles: [role], lines: [scene.lineId] })
    cookies.set(role, await cookieOf(hotlineId, personId))
  }
  words = await wordsOfContact()
})

/** What the path's places may stand for: the id of every row that is there. */
const idsOf = async (name: string): Promise<string[]> => {
  const column = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const tables = await owner<{ table_name: string }>(
    `select table_name from information_schema.columns
     where table_schema = 'public' and column_name = $1 and data_type = 'uuid'`,
    [column],
  )
  const found = new Set<string>()
  for (const { table_name: table } of tables) {
    const rows = await owner<{ id: string }>(
      `select distinct ${column} as id from ${table} where ${column} is not null`,
    )
    for (const { id } of rows) found.add(id)
  }
  return [...found].slice(0, 6)
}

/** Every address that may be read, with every id in its places. */
const addresses = async (): Promise<{ path: string; url: string }[]> => {
  const found: { path: string; url: string }[] = []
  for (const { method, path } of app.served) {
    if (method !== 'GET') continue
    const name = /:(\w+)/.exec(path)?.[1]
    const ids = name === undefined ? [''] : await idsOf(name)
    for (const id of ids) found.push({ path, url: path.replace(/:\w+/, id) })
  }
  return found
}

async function wordsOfContact(): Promise<string[]> {
  const about = [
    'assessment',
    'risk_entry',
    'risk_lowering',
    'report',
    'confidentiality_exception',
    'protocol_run',
    'task',
  ]
  const found = [contactId]
  for (const table of [
    ...about,
    'protocol_step',
    'task_attempt',
    'help_request',
    'hint',
    'contact_resource',
    'caller_alert',
  ]) {
    const rows = await owner<{ text: string }>(`select to_jsonb(t)::text as text from ${table} t`)
    for (const { text } of rows) found.push(...(text.match(/x-[0-9a-f]{12}/g) ?? []))
  }
  return found
}

/** The routes whose answer, to whichever role, names the contact or says a word of it. */
async function routesThatTell(): Promise<string[]> {
  const told = new Set<string>()
  for (const { path, url } of await addresses())
    for (const role of roles) {
      const served = app.served.find((one) => one.method === 'GET' && one.path === path)
      if (!served || served.needs === 'anyone' || !may([role], served.needs)) continue
      const { body } = await app.inject({ url, headers: { cookie: cookies.get(role) ?? '' } })
      if (words.some((word) => body.includes(word))) told.add(path)
    }
  return [...told].sort()
}

const custodyOnly = [
  '/api/v1/audit',
  '/api/v1/custody/certificates',
  '/api/v1/custody/contacts/:contactId',
  '/api/v1/custody/disposals/:disposalId/contacts',
]

test('PIPL 47: a restricted contact is told of by no route but the custodian’s own and the audit’s', async () => {
  const before = await routesThatTell()
  expect(before).toEqual(
    expect.arrayContaining([
      '/api/v1/board',
      '/api/v1/callers/:profileId',
      '/api/v1/contacts',
      '/api/v1/contacts/:contactId/crisis',
      '/api/v1/contacts/:contactId/hints',
      '/api/v1/exceptions',
      '/api/v1/lowerings',
      '/api/v1/reports',
      '/api/v1/tasks',
    ]),
  )
  const body = { kind: 'restrict' as const, reason: '求助者要求删除' }
  expect((await as('custodian', decideKeeping, { params: { contactId }, body })).status).toBe(200)
  expect(await routesThatTell()).toEqual(custodyOnly)
  const back = { kind: 'restrict-ended' as const, reason: '本人撤回请求' }
  expect((await as('custodian', decideKeeping, { params: { contactId }, body: back })).status).toBe(200)
})

test('G24-6.2.2b: so is a destroyed one, and not a word of it is left anywhere', async () => {
  const longAgo = '2020-02-29T04:00:00Z'
  await scene.forced(`update contact set state = 'closed', held = false, retention_class = 'usual', disposed_at = null,
    started_at = '${longAgo}', ended_at = '${longAgo}' where contact_id = '${contactId}';
    delete from disposal_certificate; delete from disposal_item`)
  const { body } = await as('custodian', proposeDisposal, { body: { contactIds: [contactId] } })
  const list = { params: { disposalId: String(body['disposalId']) }, body: { granted: true, reason: '' } }
  await as('second', answerDisposal, list)
  expect((await as('supervisor', answerDisposal, list)).body).toMatchObject({ destroyed: 1 })
  // Who opened it in an emergency stays on record as well.
  expect(await routesThatTell()).toEqual([...custodyOnly, '/api/v1/break-glass'].toSorted())
})
