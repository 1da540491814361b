/* The front of callers over time (G24-7.5b): proposals from a keyed hash, confirmed by a person, with what each may see. */
import { z } from 'zod'
import type {
  answerCaller,
  CallerAlert,
  CallerRow,
  ContactCaller,
  EarlierContact,
  listCallers,
  readCaller,
} from '../../api/callers.ts'
import {
  earlierView,
  isFrequent,
  proposalsOf,
  pseudonymOf,
  recentSince,
  usualFrequentRule,
  type FrequentRule,
  type Proposals,
} from '../../domain/caller.ts'
import { coreOfResponse } from '../../domain/form.ts'
import { may } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import type { Asker } from '../contacts/contacts.ts'
import type { AnswerSealing } from '../records/answers.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { reaches } from '../db/reach.ts'
import { shownAlert } from './alerts.ts'
import {
  appendEvent,
  countReview,
  findAlerts,
  findCallers,
  findContact,
  findEarlier,
  findFromNumber,
  findProfiles,
  findSettings,
  findTogether,
  hasContactOf,
  highestOf,
  insertProfile,
  saveAnswer,
  saveRule,
  type StoredContact,
  type StoredEarlier,
  type StoredProfile,
} from './queries.ts'

const settingsShape = z.object({
  frequentCaller: z
    .object({ contacts: z.number().int(), days: z.number().int() })
    .default({ ...usualFrequentRule }),
})

/** Who asks, and how the answers of earlier contacts are opened for them. */
export interface Reader extends Asker {
  answers: AnswerSealing
}

/** When a caller counts as frequent. */
export async function frequentRule(tx: Tx): Promise<FrequentRule> {
  return settingsShape.parse(await findSettings(tx)).frequentCaller
}

/** Changes when a caller counts as frequent. */
export async function changeFrequentRule(tx: Tx, rule: FrequentRule): Promise<FrequentRule> {
  await saveRule(tx, rule)
  return rule
}

/** The contact if it is the asker's own, at their seat now (an offer too), or they see all; `contact.notFound` otherwise. */
async function reachable(
  tx: Tx,
  asker: Asker,
  contactId: string,
  lock: 'lock' | 'read',
): Promise<StoredContact> {
  const contact = await findContact(tx, contactId, lock)
  if (!contact || !(await reaches(tx, asker, 'contact.caller', contact)))
    throw new Problem('contact.notFound')
  return contact
}

const mayAnswer = (contact: StoredContact, asker: Asker): boolean =>
  contact.caller_number_key !== null &&
  contact.number_trusted &&
  (may(asker.roles, 'contact.all') || contact.person_id === asker.personId)

async function proposalsFor(tx: Tx, hotlineId: string, contact: StoredContact): Promise<Proposals> {
  const { caller_number_key: key, number_trusted: trusted } = contact
  const earlier = key && trusted ? await findFromNumber(tx, hotlineId, key, contact.number) : []
  return proposalsOf({ known: key !== null, trusted }, earlier)
}

const shownProfile = (row: StoredProfile) => ({
  profileId: row.profile_id,
  pseudonym: row.pseudonym,
  contacts: row.contacts,
  lastAt: row.last_at?.toISOString() ?? null,
  highest: highestOf(row),
})

const shownNotes = 600

function shownEarlier(row: StoredEarlier, asker: Reader): EarlierContact {
  const view = earlierView(asker, row.person_id)
  const response = asker.answers.open(row)
  const core = response ? coreOfResponse(response) : null
  return {
    contactId: row.contact_id,
    number: row.number,
    startedAt: row.started_at.toISOString(),
    lineName: row.line_name,
    channel: row.channel,
    risk: row.risk,
    counsellor: row.counsellor,
    mine: row.person_id === asker.personId,
    problems: core?.problems ?? [],
    given: core?.given ?? [],
    outcome: core?.outcome ?? null,
    notes: view.notes ? (core?.notes ?? '').slice(0, shownNotes) : null,
    mayOpen: view.open,
  }
}

const frequentOf = (row: StoredProfile, rule: FrequentRule, hasPlan: boolean) =>
  isFrequent(row.recent, hasPlan, rule) ? { contacts: row.recent, days: rule.days } : null

const inForce = (alerts: readonly CallerAlert[]): boolean =>
  alerts.some(
    ({ kind, standing }) => kind === 'agreed-plan' && (standing === 'active' || standing === 'review'),
  )

const sinceOf = (rule: FrequentRule, now: Date): Date => new Date(recentSince(rule, now.getTime()))

async function shownCaller(
  tx: Tx,
  hotlineId: string,
  asker: Reader,
  contact: StoredContact,
  now: Date,
): Promise<ContactCaller> {
  const rule = await frequentRule(tx)
  const proposals = await proposalsFor(tx, hotlineId, contact)
  const { profile_id: ownId } = contact
  const ids = proposals.profiles.map((each) => each.profileId)
  const rows = await findProfiles(tx, ownId ? [...new Set([ownId, ...ids])] : ids, sinceOf(rule, now))
  const own = rows.find((row) => row.profile_id === ownId)
  // Once somebody said who it is, or that it is not them, only what is known to hold is shown.
  const open = contact.profile_answer === null || contact.profile_answer === 'unknown'
  const concerned = own ? [own.profile_id] : open ? ids : []
  const alerts = (await findAlerts(tx, concerned, now)).map((row) =>
    shownAlert(row, asker.answers.words, now, !own),
  )
  const earlier = own ? await findEarlier(tx, own.profile_id, contact.number) : []
  const byId = new Map(rows.map((row) => [row.profile_id, row]))
  return {
    mayAnswer: mayAnswer(contact, asker),
    answer: contact.profile_answer,
    answeredBy: contact.answered_by,
    profile: own ? shownProfile(own) : null,
    frequent: own ? frequentOf(own, rule, inForce(alerts)) : null,
    alerts,
    proposals: ids.flatMap((id) => byId.get(id) ?? []).map(shownProfile),
    unlinked: proposals.unlinked.map(({ contactId, number, at, risk, answer }) => ({
      contactId,
      number,
      startedAt: new Date(at).toISOString(),
      risk,
      answer,
    })),
    none: proposals.none,
    earlierCount: contact.earlier,
    earlier: earlier.map((row) => shownEarlier(row, asker)),
  }
}

/** Who is calling, as far as anybody knows, and what came before. The caller of this writes the access into the chain. */
export async function readFor(
  tx: Tx,
  hotlineId: string,
  asker: Reader,
  contactId: string,
  now: Date,
): Promise<ContactCaller> {
  return shownCaller(tx, hotlineId, asker, await reachable(tx, asker, contactId, 'read'), now)
}

type Answer = z.output<(typeof answerCaller)['body']>

/** The profile an answer points to, made if the earlier contacts have none yet; and the contacts it joins. */
async function profileFor(
  tx: Tx,
  hotlineId: string,
  contact: StoredContact,
  given: Extract<Answer, { answer: 'same' }>,
  by: { personId: string; now: Date },
): Promise<{ profileId: string; others: string[] }> {
  const proposals = await proposalsFor(tx, hotlineId, contact)
  if ('profileId' in given) {
    const known = proposals.profiles.some((each) => each.profileId === given.profileId)
    if (!known && contact.profile_id !== given.profileId) throw new Problem('caller.notFound')
    return { profileId: given.profileId, others: [] }
  }
  const free = new Set(proposals.unlinked.map((each) => each.contactId))
  if (!given.contactIds.every((id) => free.has(id))) throw new Problem('caller.notFound')
  const profileId = newId()
  await insertProfile(tx, { profileId, hotlineId, personId: by.personId, at: by.now, pseudonymOf })
  return { profileId, others: [...new Set(given.contactIds)].toSorted() }
}

/**
 * Says whose contact it is; taking an answer back takes back everything that was joined in the same act.
 * `caller.notFound` when the contact's number proposes no such caller (withheld and untrusted ones propose none).
 */
export async function answer(
  tx: Tx,
  hotlineId: string,
  asker: Reader,
  given: { contactId: string; answer: Answer },
  now: Date,
): Promise<ContactCaller> {
  const { contactId } = given
  const contact = await reachable(tx, asker, contactId, 'lock')
  if (!mayAnswer(contact, asker)) throw new Problem('caller.notFound')
  if (!isRepeated(contact, given.answer)) {
    const by = { personId: asker.personId, now }
    const joined =
      given.answer.answer === 'same' ? await profileFor(tx, hotlineId, contact, given.answer, by) : null
    if (contact.profile_id !== null) await takeBack(tx, contact, by)
    const told = { answer: given.answer.answer, profileId: joined?.profileId ?? null }
    const concerned = [...(joined?.others ?? []), contactId]
    await saveAnswer(tx, concerned, { ...told, personId: asker.personId, at: now })
    const [profile] = joined ? await findProfiles(tx, [joined.profileId], now) : []
    for (const each of concerned)
      await appendEvent(tx, each, now, asker.personId, {
        answer: given.answer.answer,
        caller: profile?.pseudonym ?? null,
      })
  }
  const fresh = await reachable(tx, asker, contactId, 'read')
  return shownCaller(tx, hotlineId, asker, fresh, now)
}

const isRepeated = (contact: StoredContact, given: Answer): boolean =>
  given.answer === 'same'
    ? 'profileId' in given && contact.profile_id === given.profileId
    : contact.profile_answer === given.answer

async function takeBack(tx: Tx, contact: StoredContact, by: { personId: string; now: Date }): Promise<void> {
  const together = await findTogether(tx, contact)
  await saveAnswer(tx, together, { answer: null, profileId: null, personId: by.personId, at: by.now })
  for (const each of together.filter((id) => id !== contact.contact_id))
    await appendEvent(tx, each, by.now, by.personId, { answer: null, caller: null })
}

/** One page of callers, who came last first, and how many alerts are to be reviewed. */
export async function list(
  tx: Tx,
  query: z.output<(typeof listCallers)['query']>,
  now: Date,
): Promise<{ rows: CallerRow[]; next: string | null; review: number }> {
  const rule = await frequentRule(tx)
  const { after, text, only, limit } = query
  const found = await findCallers(tx, { after, text, only, limit, rule, since: sinceOf(rule, now), now })
  const rows = found.slice(0, limit).map((row) => ({
    ...shownProfile(row),
    alerts: row.alerts,
    reviewDue: row.review_due,
    nextReview: row.next_review?.toISOString() ?? null,
    hasPlan: row.has_plan,
    frequent: row.recent >= rule.contacts && !row.has_plan ? { contacts: row.recent, days: rule.days } : null,
  }))
  const next = found.length > limit ? (rows.at(-1)?.profileId ?? null) : null
  return { rows, next, review: await countReview(tx, now) }
}

/** A caller's page; `caller.notFound` for a counsellor who never had a contact of theirs. */
export async function read(
  tx: Tx,
  asker: Reader,
  profileId: string,
  now: Date,
): Promise<z.input<(typeof readCaller)['reply']>> {
  const rule = await frequentRule(tx)
  const [row] = await findProfiles(tx, [profileId], sinceOf(rule, now))
  const allowed =
    row && (may(asker.roles, 'contact.all') || (await hasContactOf(tx, profileId, asker.personId)))
  if (!allowed) throw new Problem('caller.notFound')
  const every = may(asker.roles, 'caller.alert') ? null : now
  const stored = await findAlerts(tx, [profileId], every)
  const alerts = stored.map((alert) => shownAlert(alert, asker.answers.words, now))
  const earlier = await findEarlier(tx, profileId, null)
  return {
    ...shownProfile(row),
    frequent: frequentOf(row, rule, inForce(alerts)),
    alerts,
    earlier: earlier.map((each) => shownEarlier(each, asker)),
  }
}
