import { sql } from 'kysely'
import type { RiskEntry, RiskLevel } from '../../domain/risk.ts'
import { type Tx } from '../db/database.ts'
import type { Words } from '../records/keys.ts'

/** An entry as stored. */
export interface EntryRow extends RiskEntry {
  seq: number
  at: Date
  person: string | null
  supervisor: string | null
}

/** Every word on a contact's risk, oldest first; its reasons stay sealed where nothing opens them. */
export async function findEntries(tx: Tx, contactId: string, words?: Words): Promise<EntryRow[]> {
  const { rows } = await sql<EntryRow>`
    select e.seq, e.at, e.source, e.level, e.code, e.reason, p.display_name as person, s.display_name as supervisor
    from risk_entry e left join person p on p.person_id = e.person_id left join person s on s.person_id = e.supervisor_id
    where e.contact_id = ${contactId} order by e.seq`.execute(tx)
  return words ? rows.map((row) => ({ ...row, reason: words.open(row.reason) })) : rows
}

/** Writes an entry down. */
export async function insertEntry(
  tx: Tx,
  of: { hotlineId: string; contactId: string; at: Date; personId: string | null; supervisorId?: string },
  entry: RiskEntry,
  words?: Words,
): Promise<void> {
  await sql`
    insert into risk_entry (hotline_id, contact_id, at, source, level, code, reason, person_id, supervisor_id)
    values (${of.hotlineId}, ${of.contactId}, ${of.at}, ${entry.source}, ${entry.level}, ${entry.code},
      ${words?.seal(entry.reason) ?? entry.reason}, ${of.personId}, ${of.supervisorId ?? null})`.execute(tx)
}

/** Keeps the words of the latest entry with this source and code as they are typed. */
export async function saveReason(tx: Tx, seq: number, reason: string): Promise<void> {
  await sql`update risk_entry set reason = ${reason} where seq = ${seq}`.execute(tx)
}

/** What of a contact its danger hangs on. */
export interface CrisisContact {
  contact_id: string
  person_id: string | null
  state: string
  risk: string | null
  danger_key: boolean
  danger_to_others: boolean
  ended_at: Date | null
}

const contactColumns = sql`contact_id, person_id, state, risk, danger_key, danger_to_others, ended_at from contact`

/** The contact; undefined when it is not there. */
export async function findContact(tx: Tx, contactId: string): Promise<CrisisContact | undefined> {
  const { rows } = await sql<CrisisContact>`
    select ${contactColumns} where contact_id = ${contactId}`.execute(tx)
  return rows[0]
}

/** The contact with its row locked until the transaction ends; undefined when it is not there. */
export async function lockCrisis(tx: Tx, contactId: string): Promise<CrisisContact | undefined> {
  const { rows } = await sql<CrisisContact>`
    select ${contactColumns} where contact_id = ${contactId} for update`.execute(tx)
  return rows[0]
}

/** Writes the level and whether others are in danger. */
export async function saveDanger(
  tx: Tx,
  contactId: string,
  level: RiskLevel | null,
  dangerToOthers: boolean,
): Promise<void> {
  await sql`
    update contact set risk = coalesce(${level}, risk), danger_to_others = ${dangerToOthers}
    where contact_id = ${contactId}`.execute(tx)
}

/** Ends a lowering that was asked for before something more serious was heard. */
export async function lapseLowering(tx: Tx, contactId: string, at: Date): Promise<void> {
  await sql`
    update risk_lowering set decided_at = ${at}, granted = false
    where contact_id = ${contactId} and decided_at is null`.execute(tx)
}

/** What keeps a contact open: its unacknowledged reports and its running protocols. */
export async function findOwed(tx: Tx, contactId: string): Promise<string[]> {
  const { rows } = await sql<{ owed: string }>`
    select case kind when 'administration' then 'report' else 'consult' end as owed from report
      where contact_id = ${contactId} and acknowledged_at is null
    union all
    select 'protocol:' || protocol from protocol_run where contact_id = ${contactId} and closed_at is null
    order by 1`.execute(tx)
  return rows.map((row) => row.owed)
}
