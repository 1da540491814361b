import type { FastifyInstance } from 'fastify'
import {
  addAlert,
  answerCaller,
  changeFrequentRule as changeFrequentRuleAt,
  endAlert,
  listCallers,
  listCounsellors,
  readCaller,
  readContactCaller,
  readFrequentRule,
  reviewAlert,
} from '../../api/callers.ts'
import { beforeChange } from '../db/fingerprint.ts'
import { serve, type Context } from '../http/serve.ts'
import { add, end, review, type Actor } from './alerts.ts'
import type { AnswerSealing } from '../records/answers.ts'
import { answer, changeFrequentRule, frequentRule, list, read, readFor, type Reader } from './callers.ts'
import { findCounsellors } from './queries.ts'

/** What the routes of callers are given. */
export interface CallersDeps {
  /** Told after somebody said who a caller is, or an alert changed. */
  changed: (hotlineId: string) => void
  /** How a hotline's answers are sealed. */
  answersOf: (hotlineId: string) => AnswerSealing
}

const actorOf = (context: Context, { answersOf }: CallersDeps): Actor => ({
  words: answersOf(context.hotlineId).words,
  hotlineId: context.hotlineId,
  personId: context.person.personId,
  now: context.now(),
})

/** Serves api/callers.ts. Every reading and every answer is in the audit chain. */
export function callersRoutes(app: FastifyInstance, deps: CallersDeps): void {
  const { changed, answersOf } = deps
  const readerOf = ({ person, hotlineId }: Context): Reader => ({ ...person, answers: answersOf(hotlineId) })
  serve(app, readContactCaller, (context, { params }) =>
    context.tx(async (tx) => {
      const { hotlineId } = context
      const found = await readFor(tx, hotlineId, readerOf(context), params.contactId, context.now())
      await context.audit(tx, 'caller.read', found.profile?.profileId ?? '', params.contactId)
      return found
    }),
  )
  serve(app, answerCaller, async (context, { params, body }) => {
    const { hotlineId } = context
    const given = { contactId: params.contactId, answer: body }
    const told = await context.tx(async (tx) => {
      const found = await answer(tx, hotlineId, readerOf(context), given, context.now())
      const data = { answer: body.answer ?? 'taken-back' }
      await context.audit(tx, 'caller.answered', found.profile?.profileId ?? '', params.contactId, data)
      return found
    })
    changed(hotlineId)
    return told
  })
  serve(app, listCallers, (context, { query }) => context.tx((tx) => list(tx, query, context.now())))
  serve(app, readCaller, (context, { params }) =>
    context.tx(async (tx) => {
      const caller = await read(tx, readerOf(context), params.profileId, context.now())
      await context.audit(tx, 'caller.read', params.profileId)
      return caller
    }),
  )
  alertRoutes(app, deps)
  serve(app, readFrequentRule, (context) => context.tx(frequentRule))
  serve(app, changeFrequentRuleAt, (context, { body }) =>
    context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'hotline', context.hotlineId)
      const rule = await changeFrequentRule(tx, body)
      await context.audit(tx, 'caller.ruleChanged', '', null, { ...rule, ...(await hashes()) })
      return rule
    }),
  )
  serve(app, listCounsellors, (context) => context.tx(findCounsellors))
}

function alertRoutes(app: FastifyInstance, deps: CallersDeps): void {
  const { changed } = deps
  serve(app, addAlert, async (context, { params, body }) => {
    const alert = await context.tx(async (tx) => {
      const made = await add(tx, params.profileId, body, actorOf(context, deps))
      await context.audit(tx, 'alert.added', made.alertId, null, { kind: made.kind })
      return made
    })
    changed(context.hotlineId)
    return alert
  })
  serve(app, reviewAlert, async (context, { params, body }) => {
    const alert = await context.tx(async (tx) => {
      const looked = await review(tx, params.alertId, body, actorOf(context, deps))
      await context.audit(tx, 'alert.reviewed', params.alertId, null, { kind: looked.kind })
      return looked
    })
    changed(context.hotlineId)
    return alert
  })
  serve(app, endAlert, async (context, { params }) => {
    await context.tx(async (tx) => {
      await end(tx, params.alertId, actorOf(context, deps))
      await context.audit(tx, 'alert.ended', params.alertId)
    })
    changed(context.hotlineId)
    return { done: true as const }
  })
}
