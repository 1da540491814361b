/* Help while it happens (G24-5.3.5): the counsellor's call for a supervisor, and a supervisor's words to the desk. */
import type { HelpRow, Hint } from '../../api/supervise.ts'
import { ringForHelp } from '../../domain/help.ts'
import { Problem } from '../../domain/problem.ts'
import { appendEvent } from '../db/contact-event.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import type { Live } from '../http/live.ts'
import type { Words } from '../records/keys.ts'
import {
  dueHelp,
  findHelp,
  findHelpers,
  findHints,
  findStanding,
  insertHelp,
  insertHint,
  lockHelp,
  lockOpen,
  saveAnswer,
  saveEnd,
  saveRing,
  saveSeen,
  type StoredHelp,
} from './queries.ts'

/** A person acting on a contact, at an instant. */
export interface Deed {
  hotlineId: string
  contactId: string
  personId: string
  now: Date
}

/** What came of a deed: the call for help as it is shown now, and the people who are to be rung. */
export interface Rung {
  row: HelpRow
  people: string[]
}

async function only(tx: Tx, helpId: string): Promise<HelpRow> {
  const [row] = await findHelp(tx, { helpId })
  if (!row) throw new Problem('help.notFound')
  return row
}

async function ring(tx: Tx, help: StoredHelp, now: Date): Promise<string[]> {
  const helpers = await findHelpers(tx, now)
  const { people, nextAt } = ringForHelp(helpers, help.asked, help.personId, help.at.getTime(), now.getTime())
  await saveRing(tx, help.helpId, [...new Set([...help.asked, ...people])], nextAt)
  return people
}

/**
 * Calls for help at the own call: rings the nearest free supervisor. While one rings unanswered, asking again is success;
 * after somebody came it is a new call. `call.notYours`, `call.wrongState` when nobody talks.
 */
export async function askHelp(tx: Tx, deed: Deed): Promise<Rung> {
  const { contactId, personId, now } = deed
  const open = await lockOpen(tx, contactId)
  const contact = await findStanding(tx, contactId)
  if (contact?.personId !== personId) throw new Problem('call.notYours')
  if (contact.state !== 'talking') throw new Problem('call.wrongState', { state: contact.state })
  if (open && open.answeredBy === null) return { row: await only(tx, open.helpId), people: [] }
  if (open) await saveEnd(tx, open.helpId, now)
  const help = await insertHelp(tx, { ...deed, at: now })
  const people = await ring(tx, help, now)
  await appendEvent(tx, contactId, now, 'help.asked', personId, {})
  await appendAudit(tx, { at: now, actor: personId, action: 'help.asked', subject: help.helpId, contactId })
  return { row: await only(tx, help.helpId), people }
}

/** The counsellor takes the call back, or the talk it was for is over; null when none was open. */
export async function withdrawHelp(tx: Tx, deed: Deed): Promise<string | null> {
  const open = await lockOpen(tx, deed.contactId)
  if (!open) return null
  if (open.personId !== deed.personId) throw new Problem('call.notYours')
  await saveEnd(tx, open.helpId, deed.now)
  await appendEvent(tx, deed.contactId, deed.now, 'help.withdrawn', deed.personId, {})
  return open.helpId
}

/** A supervisor comes to a contact, in whatever way: answers its call for help if one is open; null when none is. */
export async function comesTo(tx: Tx, deed: Deed): Promise<HelpRow | null> {
  const open = await lockOpen(tx, deed.contactId)
  if (!open || open.answeredBy !== null || open.personId === deed.personId) return null
  return answered(tx, open, deed)
}

/** Says that one is coming, without joining by sound. `help.notFound` when it is over; the first one who says so counts. */
export async function answerHelp(
  tx: Tx,
  helpId: string,
  deed: Omit<Deed, 'contactId'>,
): Promise<{ row: HelpRow; personId: string }> {
  const help = await lockHelp(tx, helpId)
  if (!help) throw new Problem('help.notFound')
  const row =
    help.answeredBy === null
      ? await answered(tx, help, { ...deed, contactId: help.contactId })
      : await only(tx, helpId)
  return { row, personId: help.personId }
}

async function answered(tx: Tx, help: StoredHelp, { contactId, personId, now }: Deed): Promise<HelpRow> {
  await saveAnswer(tx, help.helpId, personId, now)
  await appendEvent(tx, contactId, now, 'help.answered', personId, {})
  await appendAudit(tx, {
    at: now,
    actor: personId,
    action: 'help.answered',
    subject: help.helpId,
    contactId,
  })
  return only(tx, help.helpId)
}

/** Tells those who are rung; the alarm sounds at each of them. */
export function tellHelp(live: Pick<Live, 'publish'>, hotlineId: string, { row, people }: Rung): void {
  const { helpId, contactId, number, counsellor, line } = row
  for (const personId of people) {
    live.publish(hotlineId, { personId }, { type: 'help', helpId, contactId, number, counsellor, line })
  }
}

/** Tells everybody who may have been rung that it is over, and the counsellor's desk that it has changed. */
export function tellHelpOver(
  live: Pick<Live, 'publish'>,
  hotlineId: string,
  over: { helpId: string; contactId: string; counsellor: string },
): void {
  live.publish(hotlineId, { right: 'call.supervise' }, { type: 'help-over', helpId: over.helpId })
  live.publish(hotlineId, { personId: over.counsellor }, { type: 'crisis', contactId: over.contactId })
}

/** The next round of every call for help that is due; one whose talk is over ends. */
export async function helpRound(db: Database, live: Pick<Live, 'publish'>, now: Date): Promise<void> {
  for (const { hotlineId, helpId } of await dueHelp(db, now)) {
    const next = await inHotline(db, hotlineId, async (tx) => {
      const help = await lockHelp(tx, helpId)
      if (!help || help.answeredBy !== null) return null
      const contact = await findStanding(tx, help.contactId)
      if (contact?.state === 'talking') {
        return { help, rung: { people: await ring(tx, help, now), row: await only(tx, helpId) } }
      }
      await saveEnd(tx, helpId, now)
      return { help, rung: null }
    })
    if (!next) continue
    if (next.rung) tellHelp(live, hotlineId, next.rung)
    else tellHelpOver(live, hotlineId, { ...next.help, counsellor: next.help.personId })
  }
}

/** Words to the counsellor of a contact that is not finished yet. `contact.notFound`, `call.wrongState`. */
export async function giveHint(
  tx: Tx,
  deed: Deed & { words: string },
  sealed: Words,
): Promise<{ hint: Hint; to: string }> {
  const contact = await findStanding(tx, deed.contactId)
  if (!contact) throw new Problem('contact.notFound')
  const open = ['talking', 'survey', 'wrap-up'].includes(contact.state)
  if (!open || contact.personId === null) throw new Problem('call.wrongState', { state: contact.state })
  const hintId = await insertHint(tx, { ...deed, words: sealed.seal(deed.words), at: deed.now })
  await appendEvent(tx, deed.contactId, deed.now, 'hint.given', deed.personId, { hint: hintId })
  const hint = (await findHints(tx, deed.contactId, sealed)).find((each) => each.hintId === hintId)
  if (!hint) throw new Problem('server.failed')
  return { hint, to: contact.personId }
}

/** The contact's counsellor has seen the hints so far; from anybody else it changes nothing. */
export async function seeHints(tx: Tx, { contactId, personId, now }: Deed): Promise<void> {
  const contact = await findStanding(tx, contactId)
  if (contact?.personId === personId) await saveSeen(tx, contactId, now)
}

export { findHelp, findHints } from './queries.ts'
