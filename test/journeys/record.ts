/* What journeys do with a contact's record by the API: answer questions, work through protocols, acknowledge reports. */
import type { Reply } from '../../api/endpoint.ts'
import type { readForm } from '../../api/contacts.ts'
import type { Crisis, listReports, ProtocolRun } from '../../api/crisis.ts'
import { allItems, type Answer, type Answers, type Item } from '../../domain/questionnaire.ts'
import { fromResponse, toResponse } from '../../domain/response.ts'
import type { Session } from './hotline.ts'

/** Gives answers to the contact's form on top of what is there; says what is still missing. */
export const answer = async (session: Session, contactId: string, given: Answers): Promise<string[]> => {
  const path = `/contacts/${contactId}/form`
  const form = await session.ask<Reply<typeof readForm>>('GET', path)
  const answers = { ...fromResponse(form.questionnaire, form.response), ...given }
  const saved = await session.ask<{ missing: string[] }>('PUT', path, {
    stage: form.stage,
    stageMs: form.stageMs,
    response: toResponse(form.questionnaire, answers),
    revision: form.revision,
  })
  return saved.missing
}

const plausible = (item: Item): Answer => {
  const option = item.answerOption?.[0]?.valueCoding.code
  if (option !== undefined) return { values: [option] }
  if (item.type === 'integer' || item.type === 'decimal') return { values: [50] }
  return { values: [item.type === 'boolean' ? true : 'x'] }
}

/** Answers whatever is still required with the first thing that fits. */
export const answerTheRest = async (session: Session, contactId: string): Promise<void> => {
  for (let missing = await answer(session, contactId, {}); missing.length > 0;) {
    const { questionnaire } = await session.ask<Reply<typeof readForm>>('GET', `/contacts/${contactId}/form`)
    const items = allItems(questionnaire.item).filter((item) => missing.includes(item.linkId))
    missing = await answer(
      session,
      contactId,
      Object.fromEntries(items.map((item) => [item.linkId, plausible(item)])),
    )
  }
}

/** The contact's danger as it stands. */
export const crisisOf = (session: Session, contactId: string): Promise<Crisis> =>
  session.ask<Crisis>('GET', `/contacts/${contactId}/crisis`)

const recordOf = (step: ProtocolRun['steps'][number]): Record<string, string | string[] | boolean> =>
  Object.fromEntries(
    step.items.map((item): [string, string | string[] | boolean] => {
      const first = item.options[0]?.code ?? ''
      if (item.kind === 'choice') return [item.id, first]
      if (item.kind === 'choices') return [item.id, [first]]
      if (item.kind === 'yes-no') return [item.id, true]
      return [item.id, item.kind === 'text' ? 'x' : new Date().toISOString()]
    }),
  )

/** Does every step of every protocol that runs on the contact, and ends them. */
export const workThroughProtocols = async (session: Session, contactId: string): Promise<void> => {
  for (const run of (await crisisOf(session, contactId)).runs.filter((each) => each.closedAt === null)) {
    for (const step of run.steps.filter((each) => each.doneAt === null))
      await session.ask('PUT', `/protocol-runs/${run.runId}/steps/${step.step}`, {
        record: recordOf(step),
        revision: step.revision,
        done: true,
      })
    await session.ask('POST', `/protocol-runs/${run.runId}/close`)
  }
}

/** Acknowledges the contact's open reports that this person may acknowledge. */
export const acknowledge = async (session: Session, contactId: string): Promise<void> => {
  const { rows } = await session.ask<Reply<typeof listReports>>('GET', '/reports')
  for (const report of rows.filter((each) => each.mine && each.contactId === contactId))
    await session.ask('POST', `/reports/${report.reportId}/acknowledge`, { note: '' })
}
