/* How fast a hotline is backed up (written, synced, read back and compared) and restored, on a real database with fsync on. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import pg from 'pg'
import { startDatabase } from '../launcher/database.ts'
import { backUp, restoreBackup } from '../server/backup/backup.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { report } from './figure.ts'

/** Five minutes of one side's sound. */
const recordingBytes = 300 * 8000

/** Contacts as years of calls leave them, each with two events; written by SQL because only reading them is measured. */
const fill = async (ownerUrl: string, contacts: number): Promise<number> => {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  const [hotlineId, lineId] = [newId(), newId()]
  await client.query(`set synchronous_commit = off; set timezone = 'UTC'`)
  await client.query(`insert into hotline (hotline_id, name, last_contact_number) values ($1, 'bench', $2)`, [
    hotlineId,
    contacts,
  ])
  await client.query(
    `insert into line (line_id, hotline_id, name, number, kind) values ($2, $1, 'bench', '1001', 'general')`,
    [hotlineId, lineId],
  )
  await client.query(
    `insert into contact (contact_id, hotline_id, number, line_id, channel, state, outcome, started_at, caller_number_sealed,
       caller_number_key, caller_suffix_key, search, form)
     select gen_random_uuid(), $1, n, $2, 'phone', 'closed', 'answered', now(), sha256(n::text::bytea), sha256(n::text::bytea),
       sha256((n % 10000)::text::bytea), array_to_tsvector(array['睡不', '不着', '家庭', '焦虑', '词' || n]),
       jsonb_build_object('notes', repeat('来电者说最近睡不着,和家人争吵,焦虑。', 10) || md5(n::text))
     from generate_series(1, $3::int) n`,
    [hotlineId, lineId, contacts],
  )
  await client.query(
    `insert into contact_event (contact_id, seq, hotline_id, at, kind, data, hash)
     select contact_id, seq, hotline_id, now(), 'note', jsonb_build_object('n', number), sha256(number::text::bytea)
     from contact, generate_series(1, 2) seq`,
  )
  const { rows } = await client.query<{ bytes: string }>(
    `select sum(pg_table_size(c.oid))::text as bytes from pg_class c where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  )
  await client.end()
  return Number(rows[0]?.bytes ?? 0)
}

const record = (data: string, count: number): number => {
  const folder = join(data, 'recordings', newId(), '2026', '11')
  mkdirSync(folder, { recursive: true })
  for (let n = 0; n < count; n += 1)
    writeFileSync(join(folder, `${newId()}.caller.age`), randomBytes(recordingBytes))
  return count * recordingBytes
}

/** backup and restore in MB/s of what lies on the disk, rows and sound apart from each other. */
export const backup = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  try {
    await measure(folder, quick)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const measure = async (folder: string, quick: boolean): Promise<void> => {
  const identity = await generateX25519Identity()
  const sealing = { to: [await identityToRecipient(identity)] }
  const now = new Date()
  for (const what of ['rows', 'sound'] as const) {
    const [data, fresh] = [join(folder, what), join(folder, `${what}-restored`)]
    const [from, to] = [await startDatabase({ folder: data }), await startDatabase({ folder: fresh })]
    try {
      await migrate(from.ownerUrl, from.url)
      const bytes =
        what === 'rows'
          ? await fill(from.ownerUrl, quick ? 100_000 : 500_000)
          : record(data, quick ? 100 : 400)
      const order = { ownerUrl: from.ownerUrl, data, sealing, withKeys: false, product: 'bench', now }
      const start = performance.now()
      const made = await backUp({ ...order, target: join(folder, `${what}.age`) })
      const middle = performance.now()
      await restoreBackup({ ownerUrl: to.ownerUrl, appUrl: to.url, data: fresh }, made.file, {
        identities: [identity],
      })
      const speed = (ms: number): number => bytes / 1e3 / ms
      const told = { bench: 'backup', unit: 'MB/s' }
      report({ ...told, figure: `backup_${what}`, value: speed(middle - start) })
      report({ ...told, figure: `restore_${what}`, value: speed(performance.now() - middle) })
      report({ ...told, figure: `size_${what}`, value: made.bytes / bytes, unit: 'share' })
      report({ ...told, figure: 'peak_memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MiB' })
    } finally {
      await Promise.all([from.stop(), to.stop()])
    }
  }
}
