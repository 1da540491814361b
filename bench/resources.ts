/* How fast the directory of help is searched with 100,000 entries, and a caller with 50 earlier contacts is opened. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { searchResources } from '../api/referral.ts'
import { needs } from '../domain/need.ts'
import { prefectures } from '../domain/region.ts'
import { resourceFields } from '../domain/resource.ts'
import { startDatabase } from '../launcher/database.ts'
import { readFor } from '../server/callers/callers.ts'
import { inHotline, openDatabase, type Database, type Tx } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { answersOf } from '../server/records/answers.ts'
import { openKeys, type Keys } from '../server/records/keys.ts'
import { saveResources } from '../server/referral/queries.ts'
import { search } from '../server/referral/referral.ts'
import { percentile, report, timed } from './figure.ts'

const hotlineId = newId()
const lineId = newId()
const personId = newId()
const inside = <T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

const furnish = (db: Database): Promise<unknown> =>
  inside(db, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind)
      values (${lineId}, ${hotlineId}, 'bench', '1001', 'general')`.execute(tx)
    await sql`insert into person (person_id, hotline_id, name, display_name, passphrase_hash, roles)
      values (${personId}, ${hotlineId}, 'bench', 'bench', '-', '{supervisor}')`.execute(tx)
  })

const kinds = [
  '精神卫生中心',
  '法律援助站',
  '妇女儿童庇护所',
  '社区服务站',
  '心理咨询室',
  '养老照护中心',
  '救助站',
]
const at = <T>(list: readonly T[], n: number): T => list[n % list.length] as T

/** An entry like those of a country: most serve a county or a prefecture, one in a thousand everybody. */
const anEntry = (n: number) => {
  const county = `${at(prefectures, n * 7).code.slice(0, 4)}${String(1 + (n % 20)).padStart(2, '0')}`
  const region = n % 1000 === 0 ? '000000' : n % 3 === 0 ? at(prefectures, n * 7).code : county
  const always = n % 5 === 0
  const days = [1, 2, 3, 4, 5].map((day) => ({ day, from: '08:00', to: '17:30' }))
  return resourceFields.parse({
    organisation: `示例${at(prefectures, n).zh}第${n % 500}${at(kinds, n)}`,
    service: n % 4 === 0 ? '门诊与住院' : '',
    region,
    needs: [at(needs, n).code, at(needs, n * 5 + 1).code],
    phone: `0${200_000_000 + n}`,
    hours: always ? { always: true } : { always: false, days },
    verifiedOn: '2026-11-01',
    verifyBy: '2027-05-01',
  })
}

const fill = async (db: Database, count: number): Promise<void> => {
  const by = { personId, now: new Date() }
  const batch = 5000
  for (let from = 0; from < count; from += batch) {
    const entries = Array.from({ length: batch }, (_, n) => ({
      ...anEntry(from + n),
      resourceId: newId(),
      verifyBy: '2027-05-01',
    }))
    await inside(db, (tx) => saveResources(tx, hotlineId, entries, by))
  }
}

const figures = (name: string, values: number[]): void => {
  for (const [part, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const)
    report({
      bench: 'resources',
      figure: `${name}_${part}_ms`,
      value: percentile(values, share),
      unit: 'ms',
      rounds: values.length,
    })
}

const words = ['庇护', '法律', '心理', '门诊', '照护', '救助', '广州', '成都', '喀什', '第77']

const measureSearch = async (db: Database, times: number): Promise<void> => {
  const ask = (query: object) =>
    inside(db, (tx) => search(tx, searchResources.query.parse({ limit: '20', ...query }), new Date()))
  await timed(20, (n) => ask({ text: at(words, n) }))
  figures('two-character-words', await timed(times, (n) => ask({ text: at(words, n) })))
  figures(
    'need-place-open-now',
    await timed(times, (n) =>
      ask({
        need: at(needs, n).code,
        place: `${at(prefectures, n * 3).code.slice(0, 4)}05`,
        open: 'now',
      }),
    ),
  )
  figures(
    'words-need-place',
    await timed(times, (n) =>
      ask({ text: at(words, n), need: at(needs, n).code, place: at(prefectures, n * 3).code }),
    ),
  )
}

/** 50 earlier contacts of one caller among 50,000 of others, each with notes. */
const fillContacts = async (ownerUrl: string, profileId: string): Promise<string> => {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  await client.query(
    `insert into caller_profile (profile_id, hotline_id, pseudonym, created_at) values ($1, $2, 'C-0001', now())`,
    [profileId, hotlineId],
  )
  await client.query(
    `insert into contact (contact_id, hotline_id, number, line_id, channel, state, outcome, risk, started_at, ended_at,
       person_id, caller_number_key, number_trusted, profile_id, profile_answer, form)
     select gen_random_uuid(), $1, n, $2, 'phone', 'closed', 'answered', (array['none', 'low', 'moderate'])[1 + n % 3],
       now() - make_interval(mins => 50001 - n), now(), $3, convert_to('k' || (case when n % 1000 = 0 then 0 else n end)::text,
       'UTF8'), true, case when n % 1000 = 0 then $4::uuid end, case when n % 1000 = 0 then 'same' end,
       jsonb_build_object('resourceType', 'QuestionnaireResponse', 'questionnaire', 'urn:bench', 'status', 'completed', 'item',
         jsonb_build_array(jsonb_build_object('linkId', 'notes', 'answer', jsonb_build_array(jsonb_build_object('valueString',
           repeat('最近一周睡不着。', 60))))))
     from generate_series(1, 50001) n`,
    [hotlineId, lineId, personId, profileId],
  )
  await client.query(
    `update contact set caller_number_key = 'k0', profile_id = $1, profile_answer = 'same'
    where number = 50001`,
    [profileId],
  )
  await client.query('vacuum analyze')
  const { rows } = await client.query<{ contact_id: string }>(
    'select contact_id from contact where number = 50001',
  )
  await client.end()
  return rows[0]?.contact_id ?? ''
}

const measureCaller = async (db: Database, keys: Keys, ownerUrl: string, times: number): Promise<void> => {
  const contactId = await fillContacts(ownerUrl, newId())
  const asker = { personId, roles: ['supervisor'] as const, answers: answersOf(keys, hotlineId) }
  const open = () => inside(db, (tx) => readFor(tx, hotlineId, asker, contactId, new Date()))
  const { earlier } = await open()
  if (earlier.length !== 50) throw new Error(`${earlier.length} earlier contacts instead of 50`)
  figures('caller-with-50-earlier', await timed(times, open))
}

/** Searches p50 and p99 on 100,000 entries, and opening the caller of a contact with 50 earlier ones. */
export const resources = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const database = await startDatabase({ folder })
  try {
    await migrate(database.ownerUrl, database.url)
    const db = openDatabase({ url: database.url, connections: 4 })
    await furnish(db)
    await fill(db, 100_000)
    const client = new pg.Client({ connectionString: database.ownerUrl })
    await client.connect()
    await client.query('vacuum analyze resource')
    await client.end()
    await measureSearch(db, quick ? 300 : 2000)
    await measureCaller(db, openKeys(folder, null), database.ownerUrl, quick ? 200 : 1000)
    await db.close()
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
