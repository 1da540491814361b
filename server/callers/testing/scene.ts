/* A hotline with people of every role, contacts of callers, and what they say: for the tests of this slice. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import { addAlert, answerCaller, readContactCaller, type ContactCaller } from '../../../api/callers.ts'
import type { Role } from '../../../domain/permission.ts'
import { openTestApp, type Answer, type TestApp } from '../../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../../test/database.ts'
import { inHotline } from '../../db/database.ts'
import { newId } from '../../db/id.ts'

/** Everybody of the hotline by name, with their one role. */
export const everybody: [string, Role][] = [
  ['counsellor', 'counsellor'],
  ['colleague', 'counsellor'],
  ['supervisor', 'supervisor'],
  ['administrator', 'administrator'],
  ['custodian', 'custodian'],
  ['department', 'department'],
  ['evaluator', 'evaluator'],
]

const answers = (notes: string): object => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: 'urn:test',
  status: 'completed',
  item: [
    { linkId: 'notes', answer: [{ valueString: notes }] },
    { linkId: 'problems', answer: [{ valueCoding: { code: 'sleep' } }] },
  ],
})

/** What a contact is to be; by default the counsellor's own, just ended, from a number that is vouched for. */
interface Given {
  phone?: string
  by?: string
  trusted?: boolean
  risk?: string
  daysAgo?: number
  notes?: string
}

let phones = 13_800_000_000
/** A telephone nobody called from yet. */
export const aPhone = (): string => String((phones += 1))

/** Opens the app with the hotline's people; `stranger` is a supervisor of another hotline. */
export async function openScene() {
  const app = await openTestApp()
  const { db, keys, owner, forced, clock, cookieOf } = app
  clock.now = new Date('2026-11-21T12:00:00Z')
  const elsewhere = await aHotline(db)
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const people = new Map<string, { personId: string; cookie: string }>()
  for (const [name, role] of everybody) {
    const { personId } = await aPerson(db, hotlineId, { roles: [role] })
    people.set(name, { personId, cookie: await cookieOf(hotlineId, personId) })
  }
  const stranger = await aPerson(db, elsewhere, { roles: ['supervisor'] })
  people.set('stranger', { ...stranger, cookie: await cookieOf(elsewhere, stranger.personId) })
  const who = (name: string): { personId: string; cookie: string } =>
    people.get(name) ?? { personId: '', cookie: '' }
  const aContact = async (given: Given = {}): Promise<string> => {
    const contactId = newId()
    const at = new Date(clock.now.getTime() - (given.daysAgo ?? 0) * 86_400_000)
    const { phone, risk = null } = given
    await inHotline(db, hotlineId, async (tx) => {
      await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${at}, null,
        ${phone ? keys.seal(hotlineId, phone) : null}, ${phone ? keys.numberKey(hotlineId, phone) : null}, null,
        ${given.trusted ?? true}, null, null, null, '{}')`.execute(tx)
      await sql`update contact set person_id = ${who(given.by ?? 'counsellor').personId || null}, risk = ${risk},
        form = ${JSON.stringify(answers(given.notes ?? ''))}::jsonb where contact_id = ${contactId}`.execute(
        tx,
      )
    })
    return contactId
  }
  /** Nobody has been confirmed yet. */
  const forget = async (): Promise<void> => {
    await forced('delete from caller_alert')
    await owner('update contact set profile_id = null, profile_answer = null')
    await owner('delete from caller_profile')
    clock.now = new Date(clock.now.getTime() + 1000)
  }
  return { ...app, hotlineId, lineId, who, aContact, forget, ...saying(app, who, aContact) }
}

/** What people ask and say of callers. */
function saying(
  { ask, clock }: TestApp,
  who: (name: string) => { cookie: string },
  aContact: (given: Given) => Promise<string>,
) {
  const seen = async (contactId: string, as = 'counsellor'): Promise<Answer> =>
    ask(readContactCaller, { params: { contactId }, cookie: who(as).cookie })
  const caller = async (contactId: string, as = 'counsellor'): Promise<ContactCaller> => {
    const answer = await seen(contactId, as)
    expect(answer.status).toBe(200)
    return answer.body as unknown as ContactCaller
  }
  const say = async (contactId: string, body: object, as = 'counsellor'): Promise<Answer> =>
    ask(answerCaller, { params: { contactId }, body: body as never, cookie: who(as).cookie })
  /** Two contacts of one caller, confirmed on the second. */
  const aCaller = async () => {
    const phone = aPhone()
    const first = await aContact({ phone, by: 'colleague', notes: '同事的记录', risk: 'high', daysAgo: 3 })
    const contactId = await aContact({ phone })
    const told = await say(contactId, { answer: 'same', contactIds: [first] })
    const { profile } = told.body as unknown as ContactCaller
    return { phone, profileId: profile?.profileId ?? '', contactId, first }
  }
  const inDays = (days: number): string => new Date(clock.now.getTime() + days * 86_400_000).toISOString()
  const anAlert = (given: object = {}): object => ({
    kind: 'agreed-plan',
    words: '每周三晚八点由同一位咨询员接听',
    reason: '与求助者商定，减少夜间反复拨打',
    reviewAt: inDays(30),
    expiresAt: inDays(90),
    ...given,
  })
  const alertOn = async (profileId: string, given: object = {}, as = 'supervisor'): Promise<Answer> =>
    ask(addAlert, { params: { profileId }, body: anAlert(given) as never, cookie: who(as).cookie })
  return { seen, caller, say, aCaller, inDays, anAlert, alertOn }
}
