/* How fast contacts are opened, read, listed and searched on a real database with fsync on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { listContacts } from '../api/contacts.ts'
import { newCall, step } from '../domain/call.ts'
import { startDatabase } from '../launcher/database.ts'
import { lastCallFailed, openContact } from '../server/calls/queries.ts'
import { list, read, readSaved, save } from '../server/contacts/contacts.ts'
import { inHotline, openDatabase, type Database } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { contactSealing, type ContactSealing } from '../server/records/answers.ts'
import { openKeys } from '../server/records/keys.ts'
import { wholeResponse } from '../test/answers.ts'
import { percentile, report, timed } from './figure.ts'

const hotlineId = newId()
const lineId = newId()
const personId = newId()
const asker = { personId, roles: ['supervisor'] as const }
let sealing: ContactSealing

const furnish = async (db: Database): Promise<void> => {
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind) values (${lineId}, ${hotlineId}, 'bench', '1001', 'general')`.execute(
      tx,
    )
    await sql`insert into person (person_id, hotline_id, name, display_name, passphrase_hash, roles)
      values (${personId}, ${hotlineId}, 'bench', 'bench', '-', '{supervisor}')`.execute(tx)
  })
}

let line: Promise<unknown> = Promise.resolve()

/** Opens one contact as an arriving call does: look the caller up, then, one by one, number, first event, audit entry. */
const create = async (db: Database, index: number): Promise<unknown> => {
  const at = Date.now()
  const numberKey = Buffer.from(`1380000${index % 10_000}`.padEnd(32))
  const ringsAgain = await inHotline(db, hotlineId, (tx) => lastCallFailed(tx, numberKey, at - 1_800_000))
  const fresh = newCall({
    contact: newId(),
    line: lineId,
    callerLeg: `leg-${index}`,
    canCallBack: true,
    ringsAgain,
    arrivedAt: at,
  })
  const { call } = step(fresh, { type: 'arrived' }, at)
  const given = {
    channel: 'phone',
    sealed: sealing.numbers.seal(`1380000${index % 10_000}`),
    numberKey,
    suffixKey: numberKey,
    trusted: true,
  } as const
  const mine = line.then(() => openContact(db, hotlineId, call, { ...given, data: { line: lineId } }))
  line = mine
  return mine
}

const measureCreation = async (db: Database, quick: boolean): Promise<void> => {
  const rates: number[] = []
  const rounds = quick ? 3 : 5
  const each = quick ? 1500 : 4000
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now()
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < each) await create(db, next++)
    }
    await Promise.all(Array.from({ length: 12 }, worker))
    rates.push((each / (performance.now() - start)) * 1000)
  }
  report({ bench: 'contacts', figure: 'create_per_s', value: percentile(rates, 0.5), unit: '1/s', rounds })
}

/** Rows as if years of calls had come; written by SQL because only reading is measured on them. */
const fill = async (ownerUrl: string, from: number, to: number): Promise<void> => {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  await client.query(`set synchronous_commit = off; set maintenance_work_mem = '512MB'`)
  await client.query(
    `insert into contact (contact_id, hotline_id, number, line_id, channel, state, outcome, risk, consent, started_at, answered_at,
       ended_at, person_id, caller_number_sealed, caller_number_key, caller_suffix_key, search, form)
     select gen_random_uuid(), $1, n, $2, 'phone', 'closed', case when n % 10 = 0 then 'abandoned' else 'answered' end,
       (array['none','low','moderate','high',null])[1 + n % 5], (array['given','refused','silent'])[1 + n % 3],
       now() - make_interval(secs => (2000000 - n) * 30), now(), now(), $3, $6::bytea,
       convert_to(rpad('139' || (n % 50000)::text, 32), 'UTF8'), convert_to(rpad((n % 10000)::text, 32), 'UTF8'),
       array_to_tsvector(array['睡不','不着','家庭','焦虑','词' || (n % 5000)::text, '独' || (n % 20000)::text, '自杀' || (n % 97)::text]),
       '{"notes":"来电者说最近睡不着,和家人争吵,焦虑。"}'
     from generate_series($4::int, $5::int) n`,
    [hotlineId, lineId, personId, from, to, sealing.numbers.seal('13900001234')],
  )
  await client.query(`update hotline set last_contact_number = $1`, [to])
  await client.query('vacuum analyze contact')
  await client.end()
}

const query = (given: object) => listContacts.query.parse({ limit: '50', ...given })

const measureReading = async (db: Database, rows: number, quick: boolean): Promise<void> => {
  const times = quick ? 300 : 1000
  const { rows: some } = await inHotline(db, hotlineId, (tx) =>
    list(tx, hotlineId, asker, query({}), sealing),
  )
  const ids = some.map((row) => row.contactId)
  const label = rows >= 1_000_000 ? '1m' : '200k'
  const reading = await timed(times, (index) =>
    inHotline(db, hotlineId, (tx) => read(tx, asker, ids[index % ids.length] ?? '', sealing)),
  )
  const listing = await timed(times, (index) =>
    inHotline(db, hotlineId, (tx) =>
      list(tx, hotlineId, asker, query(index % 2 ? {} : { after: String((index * 7919) % rows) }), sealing),
    ),
  )
  const searching = await timed(times, (index) => {
    const wanted = [
      { text: `独${index}` },
      { text: '睡不着' },
      { suffix: String(1000 + (index % 9000)) },
      { risk: 'high' },
    ][index % 4]
    return inHotline(db, hotlineId, (tx) => list(tx, hotlineId, asker, query(wanted ?? {}), sealing))
  })
  for (const [figure, values] of [
    ['read', reading],
    ['list', listing],
    ['search', searching],
  ] as const)
    report({
      bench: 'contacts',
      figure: `${figure}_p99_ms_${label}`,
      value: percentile(values, 0.99),
      unit: 'ms',
      rounds: times,
    })
}

/** A quarter of 200 seats types at the same moment: each saves once a second, as the desk does (web/counsellor/form-keeper.ts). */
const writers = 50

/** Contacts in wrap-up whose forms are open. */
const openForms = async (db: Database): Promise<string[]> => {
  const ids = Array.from({ length: writers }, () => newId())
  const writer = { personId, roles: ['counsellor'] as const }
  for (const contactId of ids)
    await inHotline(db, hotlineId, async (tx) => {
      await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${new Date()}, null, null, null, null,
        false, null, null, null, '{}')`.execute(tx)
      await sql`update contact set person_id = ${personId} where contact_id = ${contactId}`.execute(tx)
      await readSaved(tx, writer, contactId, sealing)
    })
  return ids
}

/** Saves come at their own pace, whether the one before is done or not, so that waiting in line is measured too. */
const measureSaving = async (db: Database, quick: boolean): Promise<void> => {
  const ids = await openForms(db)
  const writer = { personId, roles: ['counsellor'] as const }
  const seconds = quick ? 5 : 20
  const typed = '来电者说最近睡不着,和家人争吵,今晚打算先早点休息。'
  const times: number[] = []
  const saveOne = async (contactId: string, revision: number): Promise<void> => {
    const start = performance.now()
    const response = wholeResponse({
      notes: typed.repeat(8).slice(0, 40 + revision * 6),
      problems: ['sleep', 'family'],
    })
    const body = { response, stage: 'clarify' as const, stageMs: { rapport: 60_000 + revision }, revision }
    await inHotline(db, hotlineId, (tx) => save(tx, writer, contactId, body, sealing, new Date()))
    times.push(performance.now() - start)
  }
  // One contact's saves follow each other, as one window's do.
  const lastOf = new Map<string, Promise<void>>()
  const begun = performance.now()
  for (let index = 0; index < seconds * writers; index += 1) {
    const ahead = begun + (index * 1000) / writers - performance.now()
    if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead))
    const contactId = ids[index % writers] ?? ''
    const before = lastOf.get(contactId) ?? Promise.resolve()
    lastOf.set(
      contactId,
      before.then(() => saveOne(contactId, Math.floor(index / writers))),
    )
  }
  await Promise.all(lastOf.values())
  const value = percentile(times, 0.99)
  report({ bench: 'contacts', figure: 'form-save_p99_ms', value, unit: 'ms', rounds: times.length })
}

/** create_per_s; form-save p99 while 50 counsellors type; read, list and search p99 at 200,000 contacts and, without --quick, at 1,000,000. */
export const contacts = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const database = await startDatabase({ folder })
  try {
    await migrate(database.ownerUrl, database.url)
    const db = openDatabase({ url: database.url, connections: 16 })
    sealing = contactSealing(openKeys(folder, null), hotlineId)
    await furnish(db)
    await measureCreation(db, quick)
    await fill(database.ownerUrl, 100_000, 299_999)
    await measureReading(db, 200_000, quick)
    await measureSaving(db, quick)
    if (!quick) {
      // The forms that were saved have taken the next numbers.
      await fill(database.ownerUrl, 310_000, 1_099_999)
      await measureReading(db, 1_000_000, quick)
    }
    await db.close()
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
