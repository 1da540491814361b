/* A contact's danger on one reading, for whoever may see the contact. */
import type { Crisis } from '../../api/crisis.ts'
import type { Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { countingEntries, levelOf } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import { reaches } from '../db/reach.ts'
import type { Words } from '../records/keys.ts'
import { exceptionsOf } from './exceptions.ts'
import { findPending } from './lowering.ts'
import { findContact, findEntries, findOwed, lockCrisis, type CrisisContact } from './queries.ts'
import { findReportsOf } from './report-queries.ts'
import { shownReport } from './reports.ts'
import { runsOf } from './runs.ts'

/** Who asks. */
export interface Asker {
  personId: string
  roles: readonly Role[]
  /** Opens what was typed. */
  words: Words
}

async function checked(tx: Tx, asker: Asker, contact: CrisisContact | undefined): Promise<CrisisContact> {
  if (!contact || !(await reaches(tx, asker, 'contact.crisis', contact)))
    throw new Problem('contact.notFound')
  return contact
}

/** The contact if the asker may see it; `contact.notFound` otherwise, so that its existence is not told either. */
export const visible = async (tx: Tx, asker: Asker, contactId: string): Promise<CrisisContact> =>
  checked(tx, asker, await findContact(tx, contactId))

/** The same with its row locked until the transaction ends, for those who work on it. */
export const lockVisible = async (tx: Tx, asker: Asker, contactId: string): Promise<CrisisContact> =>
  checked(tx, asker, await lockCrisis(tx, contactId))

/** Everything of a contact's danger; the caller has checked that the asker may see the contact. */
export async function crisisOf(tx: Tx, asker: Asker, contact: CrisisContact): Promise<Crisis> {
  const { contact_id: contactId } = contact
  const entries = await findEntries(tx, contactId, asker.words)
  const counting = new Set(countingEntries(entries).map((entry) => entry.seq))
  const pending = await findPending(tx, contactId)
  return {
    level: levelOf(entries),
    dangerKey: contact.danger_key,
    dangerToOthers: contact.danger_to_others,
    entries: entries.map((entry) => ({
      at: entry.at.toISOString(),
      source: entry.source,
      level: entry.level,
      code: entry.code,
      reason: entry.reason,
      person: entry.person,
      supervisor: entry.supervisor,
      counts: counting.has(entry.seq),
    })),
    lowering: pending
      ? {
          loweringId: pending.lowering_id,
          to: pending.to_level,
          reason: asker.words.open(pending.reason),
          askedBy: pending.asked_by_name,
          askedAt: pending.asked_at.toISOString(),
          mine: pending.asked_by === asker.personId,
        }
      : null,
    runs: await runsOf(tx, contactId, asker.words),
    reports: (await findReportsOf(tx, contactId)).map((row) => shownReport(row, asker, asker.words)),
    exceptions: await exceptionsOf(tx, contactId, asker.words),
    owed: await findOwed(tx, contactId),
  }
}
