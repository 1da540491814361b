/* Lowering a contact's level: asked for with a reason, decided by a supervisor who is somebody else. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { waitingLowering } from '../../api/crisis.ts'
import { Problem } from '../../domain/problem.ts'
import { judgeRiskChange, levelOf, riskRank, type RiskLevel } from '../../domain/risk.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Words } from '../records/keys.ts'
import { findEntries, insertEntry, lockCrisis, saveDanger } from './queries.ts'

/** A lowering somebody asked for. */
export interface LoweringRow {
  lowering_id: string
  contact_id: string
  to_level: RiskLevel
  reason: string
  asked_by: string
  asked_by_name: string
  asked_at: Date
  decided_at: Date | null
}

const columns = sql`l.lowering_id, l.contact_id, l.to_level, l.reason, l.asked_by, p.display_name as asked_by_name,
  l.asked_at, l.decided_at from risk_lowering l join person p on p.person_id = l.asked_by`

/** The lowering of a contact that waits for a decision; its reason is still sealed. */
export async function findPending(tx: Tx, contactId: string): Promise<LoweringRow | undefined> {
  const { rows } = await sql<LoweringRow>`
    select ${columns} where l.contact_id = ${contactId} and l.decided_at is null`.execute(tx)
  return rows[0]
}

/** The hotline's lowerings that wait for a decision, oldest first. */
export async function findWaiting(
  tx: Tx,
  hotlineId: string,
  personId: string,
  words: Words,
): Promise<z.output<typeof waitingLowering>[]> {
  const { rows } = await sql<{
    lowering_id: string
    contact_id: string
    number: number
    line: string
    risk: z.output<typeof waitingLowering>['from']
    to_level: RiskLevel
    reason: string
    asked_by: string
    asked_by_name: string
    asked_at: Date
  }>`
    select l.lowering_id, l.contact_id, c.number, n.name as line, c.risk, l.to_level, l.reason, l.asked_by,
      p.display_name as asked_by_name, l.asked_at
    from risk_lowering l join contact c on c.contact_id = l.contact_id join line n on n.line_id = c.line_id
      join person p on p.person_id = l.asked_by
    where l.hotline_id = ${hotlineId} and l.decided_at is null order by l.asked_at, l.lowering_id limit 200`.execute(
    tx,
  )
  return rows.map((row) => ({
    loweringId: row.lowering_id,
    contactId: row.contact_id,
    contactNumber: row.number,
    line: row.line,
    from: row.risk,
    to: row.to_level,
    reason: words.open(row.reason),
    askedBy: row.asked_by_name,
    askedAt: row.asked_at.toISOString(),
    mine: row.asked_by === personId,
  }))
}

/** One lowering, decided or not. */
async function findLowering(tx: Tx, loweringId: string): Promise<LoweringRow | undefined> {
  const { rows } = await sql<LoweringRow>`select ${columns} where l.lowering_id = ${loweringId}`.execute(tx)
  return rows[0]
}

/**
 * Asks for a lower level: `risk.needsReason` without one, `request.malformed` when it is not lower than the present one. The
 * caller holds the contact's row lock. While one waits for a decision another is not begun.
 */
export async function ask(
  tx: Tx,
  given: { hotlineId: string; contactId: string; personId: string; to: RiskLevel; reason: string; now: Date },
  words: Words,
): Promise<void> {
  const { hotlineId, contactId, personId, to, reason, now } = given
  const from = levelOf(await findEntries(tx, contactId))
  if (from === null || riskRank(to) >= riskRank(from))
    throw new Problem('request.malformed', { fields: ['to'] })
  if (reason.trim() === '') throw new Problem('risk.needsReason')
  if (await findPending(tx, contactId)) return
  await sql`
    insert into risk_lowering (lowering_id, hotline_id, contact_id, to_level, reason, asked_by, asked_at)
    values (${newId(now.getTime())}, ${hotlineId}, ${contactId}, ${to}, ${words.seal(reason)}, ${personId}, ${now})`.execute(
    tx,
  )
  await appendEvent(tx, contactId, now, 'risk.lowering-asked', personId, { from, to })
}

/**
 * Grants or refuses: `risk.needsAnother` to the person who asked. One that was decided meanwhile, or lapsed because something
 * more serious was heard, stays as it is. Gives the level when it was lowered.
 */
export async function decide(
  tx: Tx,
  given: { hotlineId: string; loweringId: string; personId: string; granted: boolean; now: Date },
): Promise<{ contactId: string; lowered: RiskLevel | null }> {
  const { hotlineId, loweringId, personId, granted, now } = given
  const known = await findLowering(tx, loweringId)
  if (!known) throw new Problem('contact.notFound')
  const contactId = known.contact_id
  const contact = await lockCrisis(tx, contactId)
  const row = await findLowering(tx, loweringId)
  if (!row || row.decided_at || !contact) return { contactId, lowered: null }
  const from = levelOf(await findEntries(tx, contactId))
  const { to_level: to, reason, asked_by: asker } = row
  if (asker === personId) throw new Problem('risk.needsAnother')
  const change = judgeRiskChange({ from, to, reason, asker, supervisor: personId })
  if (granted && !change.allowed) throw new Problem('risk.needsReason')
  await sql`
    update risk_lowering set decided_by = ${personId}, decided_at = ${now}, granted = ${granted}
    where lowering_id = ${loweringId}`.execute(tx)
  const kind = granted ? 'risk.lowered' : 'risk.lowering-refused'
  if (granted) {
    const who = { hotlineId, contactId, at: now, personId: asker, supervisorId: personId }
    await insertEntry(tx, who, { source: 'lowering', level: to, code: '', reason })
    await saveDanger(tx, contactId, to, contact.danger_to_others)
  }
  await appendEvent(tx, contactId, now, kind, personId, { from, to, askedBy: asker })
  return { contactId, lowered: granted ? to : null }
}
