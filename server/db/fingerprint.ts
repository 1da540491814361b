/* What a change of configuration or of a person's roles was made from and to, as hashes for the audit chain. */
import { sql } from 'kysely'
import type { Tx } from './database.ts'

/** What of a row is configuration: all but what the product itself counts there, and the hashes of passphrases. */
const configured = {
  hotline: { key: 'hotline_id', without: ['last_contact_number'], with: sql`'{}'::jsonb` },
  line: { key: 'line_id', without: [], with: sql`'{}'::jsonb` },
  seat: { key: 'seat_id', without: ['sip_secret_sealed'], with: sql`'{}'::jsonb` },
  trunk: { key: 'trunk_id', without: ['secret_sealed'], with: sql`'{}'::jsonb` },
  person: {
    key: 'person_id',
    without: ['passphrase_hash', 'failures', 'locked_until', 'phone_sealed'],
    with: sql`jsonb_build_object('lines', array(select line_id from person_line l where l.person_id = t.person_id order by 1))`,
  },
} as const

/** SHA-256 (hex) of a row's configuration as it is now; null when there is no such row. */
async function fingerprint(tx: Tx, table: keyof typeof configured, id: string): Promise<string | null> {
  const { key, without, with: more } = configured[table]
  const { rows } = await sql<{ hash: string }>`
    select encode(sha256(convert_to(((to_jsonb(t) - ${[...without]}::text[]) || ${more})::text, 'UTF8')), 'hex') as hash
    from ${sql.table(table)} t where t.${sql.ref(key)} = ${id}`.execute(tx)
  return rows[0]?.hash ?? null
}

/**
 * Notes how a row is configured; the function it gives is called after the change and says both hashes for the audit
 * entry. Two that are equal say that nothing of it was changed.
 */
export async function beforeChange(
  tx: Tx,
  table: keyof typeof configured,
  id: string,
): Promise<() => Promise<{ before: string | null; after: string | null }>> {
  const before = await fingerprint(tx, table, id)
  return async () => ({ before, after: await fingerprint(tx, table, id) })
}
