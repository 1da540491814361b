/* A hotline with its people, and instruments asked on its contacts. */
import { sql } from 'kysely'
import {
  listAssessments,
  makeLink,
  saveAssessment,
  type AssessmentRow,
  type LinkRow,
} from '../../../api/assessment.ts'
import { openTestApp, type Answer, type TestApp } from '../../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../../test/database.ts'
import { inHotline, type Tx } from '../../db/database.ts'
import { newId } from '../../db/id.ts'

/** Answers to questions 1, 2, 3 ... */
export const numbered = (values: readonly (number | null)[]): Record<string, number | null> =>
  Object.fromEntries(values.map((value, place) => [String(place + 1), value]))
/** PHQ-9 with nothing but its last question. */
export const nine = (last: number | null): Record<string, number | null> =>
  numbered([0, 0, 0, 0, 0, 0, 0, 0, last])

/** Cookies of people, and what they do. */
export interface Scene extends TestApp {
  hotlineId: string
  counsellorId: string
  counsellor: string
  another: string
  supervisor: string
  administrator: string
  inside: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** A contact of the counsellor; its call is still on unless it has ended. */
  aContact: (ended?: boolean) => Promise<string>
  /** Saves PHQ-9 without any complaint unless told otherwise. */
  save: (contactId: string, given: object, cookie?: string) => Promise<Answer>
  listed: (contactId: string, cookie?: string) => Promise<{ results: AssessmentRow[]; links: LinkRow[] }>
  /** The contact's level and the protocols opened on it. */
  risk: (contactId: string) => Promise<{ risk: string | null; runs: string[] } | undefined>
  link: (contactId: string, given?: object) => Promise<Answer & { token: string; linkId: string }>
}

/** Opens the app with its people. */
export async function openScene(): Promise<Scene> {
  const app = await openTestApp()
  const { db, ask, cookieOf, clock } = app
  const hotlineId = await aHotline(db, { name: '暖线' })
  const lineId = (await aLine(db, hotlineId, { number: '12356' })).lineId
  const counsellorId = (await aPerson(db, hotlineId)).personId
  const counsellor = await cookieOf(hotlineId, counsellorId)
  const another = await cookieOf(hotlineId, (await aPerson(db, hotlineId)).personId)
  const supervisor = await cookieOf(
    hotlineId,
    (await aPerson(db, hotlineId, { roles: ['supervisor'] })).personId,
  )
  const admin = await aPerson(db, hotlineId, { roles: ['administrator'] })
  const administrator = await cookieOf(hotlineId, admin.personId)

  const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

  const aContact = async (ended = false): Promise<string> => {
    const contactId = newId()
    await inside(async (tx) => {
      await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'talking', ${clock.now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
      await sql`update contact set person_id = ${counsellorId}, answered_at = ${clock.now},
      ended_at = ${ended ? clock.now : null} where contact_id = ${contactId}`.execute(tx)
    })
    return contactId
  }

  const save = (contactId: string, given: object, cookie = counsellor) =>
    ask(saveAssessment, {
      cookie,
      params: { contactId },
      body: {
        assessmentId: newId(),
        instrument: 'phq-9',
        language: 'zh-CN',
        answers: nine(0),
        ...given,
      } as never,
    })
  const listed = async (contactId: string, cookie = counsellor) => {
    const { body } = await ask(listAssessments, { cookie, params: { contactId } })
    return body as unknown as { results: AssessmentRow[]; links: LinkRow[] }
  }
  const risk = async (contactId: string) => {
    const { rows } = await inside((tx) =>
      sql<{ risk: string | null; runs: string[] }>`select risk, array(select protocol from protocol_run r
      where r.contact_id = c.contact_id) as runs from contact c where contact_id = ${contactId}`.execute(tx),
    )
    return rows[0]
  }
  const link = async (contactId: string, given: object = {}) => {
    const made = await ask(makeLink, {
      cookie: counsellor,
      params: { contactId },
      body: { instrument: 'phq-9', language: 'zh-CN', ...given } as never,
    })
    return {
      ...made,
      token: String(made.body['path']).split('#')[1] ?? '',
      linkId: String(made.body['linkId']),
    }
  }
  return {
    ...app,
    hotlineId,
    counsellorId,
    counsellor,
    another,
    supervisor,
    administrator,
    inside,
    aContact,
    save,
    listed,
    risk,
    link,
  }
}
