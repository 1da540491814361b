/* How fast the records are verified, and what the audit chain costs each write, on a real database with fsync on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { startDatabase } from '../launcher/database.ts'
import { appendAudit } from '../server/db/audit.ts'
import { inHotline, openDatabase, type Database } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { faultsOf } from '../server/verify/verify.ts'
import { percentile, report } from './figure.ts'

const hotlineId = newId()
const lineId = newId()

const furnish = (db: Database): Promise<void> =>
  inHotline(db, hotlineId, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind) values (${lineId}, ${hotlineId}, 'bench', '1001', 'general')`.execute(
      tx,
    )
  })

/** Contacts with their chains, and as many entries of the audit chain as events, made by the product's own functions. */
async function fill(ownerUrl: string, contacts: number, eventsEach: number): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  await client.query(`set synchronous_commit = off; set hearthline.hotline = '${hotlineId}'`)
  for (let made = 0; made < contacts; made += 1000)
    await client.query(
      `do $$ declare c uuid; begin
        for n in 1..${Math.min(1000, contacts - made)} loop
          c := gen_random_uuid();
          perform create_contact(c, '${lineId}', 'phone', 'closed', now(), null, null, null, null, true, null, null, null,
            '{"line":"${lineId}"}');
          for e in 1..${eventsEach} loop
            perform append_contact_event(c, now(), 'recording.started', null, '{"recordingId":"${newId()}","words":["a","b"]}');
            perform append_audit(now(), '${newId()}', 'contact.read', '', c, '{"purpose":"supervision","parts":["form"]}');
          end loop;
          -- A head that is moved on ten thousand times in one transaction is found slower each time.
          commit;
        end loop; end $$`,
    )
  await client.query('vacuum analyze')
  await client.end()
}

/** The rate of whole verifications, and how much the process grew from before the first to the highest within the last. */
async function measureVerify(db: Database, rounds: number): Promise<void> {
  const rates: number[] = []
  const before = process.memoryUsage().rss
  let highest = before
  for (let round = 0; round < rounds; round += 1) {
    const seen = { links: 0, recordings: 0 }
    highest = before
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 20)
    const start = performance.now()
    for await (const fault of faultsOf(db, hotlineId, null, seen))
      throw new Error(`the bench's own records are broken: ${fault.of} ${fault.where} ${fault.what}`)
    rates.push((seen.links / (performance.now() - start)) * 1000)
    clearInterval(watch)
  }
  report({ bench: 'verify', figure: 'events_per_s', value: percentile(rates, 0.5), unit: '1/s', rounds })
  report({ bench: 'verify', figure: 'memory_mb', value: (highest - before) / 2 ** 20, unit: 'MB', rounds })
}

/** Saves while one record is written: at most one a second, so a talk of a quarter of an hour has more. */
const savesEach = 40

/** So many write at once: as many as one server has connections, and three servers' worth. */
const leastCrowd = 16
const mostCrowd = 48

/** Somebody's work on a record: saves as typed, the last with the closing. Which of them are audited differs. */
async function workOn(db: Database, contactId: string, audited: 'usual' | 'every' | 'none'): Promise<void> {
  for (let save = 1; save <= savesEach; save += 1)
    await inHotline(db, hotlineId, async (tx) => {
      const at = new Date()
      await sql`select from contact where contact_id = ${contactId} for update`.execute(tx)
      await sql`update contact set form = jsonb_build_object('notes', repeat('来电者说最近睡不着,', ${save})),
        form_revision = form_revision + 1, form_saved_at = ${at} where contact_id = ${contactId}`.execute(tx)
      await sql`select append_contact_event(${contactId}, ${at}, 'note', null, '{"n":1}'::jsonb)`.execute(tx)
      // As the product does: the first save of a visit and the closing are entries, what is typed between is one visit.
      const entry = audited === 'every' || (audited === 'usual' && (save === 1 || save === savesEach))
      if (entry) await appendAudit(tx, { at, actor: null, action: 'form.written', contactId })
    })
}

type Audited = Parameters<typeof workOn>[2]

/** Everybody of the crowd works on a record of their own. */
async function writesPerSecond(db: Database, contactIds: string[], audited: Audited): Promise<number> {
  const start = performance.now()
  await Promise.all(contactIds.map((contactId) => workOn(db, contactId, audited)))
  return ((contactIds.length * savesEach) / (performance.now() - start)) * 1000
}

async function measureCost(db: Database, rounds: number, crowd: number): Promise<void> {
  const { rows } = await inHotline(db, hotlineId, (tx) =>
    sql<{ contact_id: string }>`select contact_id from contact order by number limit ${crowd}`.execute(tx),
  )
  const ids = rows.map((row) => row.contact_id)
  const found = { none: [] as number[], usual: [] as number[], every: [] as number[] }
  const ratios = { usual: [] as number[], every: [] as number[] }
  await writesPerSecond(db, ids, 'none')
  // In turns, so that a machine that grows slower does so for all of them; each is held against its own neighbours.
  for (let round = 0; round < rounds; round += 1)
    for (const audited of ['usual', 'every'] as const) {
      const before = await writesPerSecond(db, ids, 'none')
      const rate = await writesPerSecond(db, ids, audited)
      const after = await writesPerSecond(db, ids, 'none')
      found.none.push(before, after)
      found[audited].push(rate)
      ratios[audited].push((2 * rate) / (before + after))
    }
  for (const audited of ['usual', 'every'] as const)
    report({
      bench: 'verify',
      figure: `writes_per_s_audited_${audited}_by_${crowd}`,
      value: percentile(found[audited], 0.5),
      unit: '1/s',
      peer: 'without the audit chain',
      peerValue: Math.round(percentile(found.none, 0.5)),
      ratio: percentile(ratios[audited], 0.5),
      rounds,
    })
}

/**
 * events_per_s of `verify`, goal >= 50,000, and the memory it takes; writes_per_s with the usual audit entries and with one
 * at every save, beside none at all, goal > 0.8.
 */
export const verify = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const database = await startDatabase({ folder })
  try {
    await migrate(database.ownerUrl, database.url)
    const db = openDatabase({ url: database.url, connections: mostCrowd })
    await furnish(db)
    await fill(database.ownerUrl, quick ? 2500 : 25_000, 9)
    await measureVerify(db, quick ? 3 : 5)
    for (const crowd of quick ? [leastCrowd] : [leastCrowd, mostCrowd])
      await measureCost(db, quick ? 2 : 5, crowd)
    await db.close()
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
