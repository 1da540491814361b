import type { FastifyInstance } from 'fastify'
import {
  acknowledgeReport,
  askLowering,
  changeEscalation,
  changeOnCall,
  closeProtocol,
  decideLowering,
  listExceptions,
  listLowerings,
  listProtocols,
  listReports,
  openProtocol,
  readCrisis,
  readEscalation,
  recordException,
  saveStep,
  seeException,
  type Crisis,
} from '../../api/crisis.ts'
import { may } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { levelOf, type RiskLevel } from '../../domain/risk.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { beforeChange } from '../db/fingerprint.ts'
import { serve, type Context } from '../http/serve.ts'
import type { Live } from '../http/live.ts'
import { answersOf } from '../records/answers.ts'
import type { Keys } from '../records/keys.ts'
import { planFollowUps } from '../tasks/tasks.ts'
import { reportOver, tellOfCrisis } from './escalating.ts'
import { insertException, listedExceptions, see } from './exceptions.ts'
import { ask, decide, findWaiting } from './lowering.ts'
import { saveEscalation, saveOnCall, settingsOf } from './on-call.ts'
import { protocols } from './protocols.ts'
import { findEntries, type CrisisContact } from './queries.ts'
import { findAsking, findReportsOf } from './report-queries.ts'
import { acknowledge, listed, openReports, shownReport, type Reader } from './reports.ts'
import { crisisOf, lockVisible, visible, type Asker } from './reading.ts'
import { closeRun, openRun, recordStep, runOf } from './runs.ts'

/** What the routes of crisis are given. */
export interface CrisisDeps {
  live: Live
  keys: Keys
  /** Told when a board may have changed. */
  poke: () => void
  /** Told of a level that was lowered, so that the call knows. */
  assessed: (hotlineId: string, contactId: string, level: RiskLevel) => void
  /** Told when follow-ups were planned. */
  tasksChanged: (hotlineId: string) => void
}

const askerOf = ({ keys }: CrisisDeps, context: Context): Asker & Reader => ({
  personId: context.person.personId,
  roles: context.person.roles,
  words: keys.wordsOf(context.hotlineId),
})

/** Serves api/crisis.ts, and greets live sockets with the reports that ask them. Every write is in the audit chain. */
export function crisisRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  readRoutes(app, deps)
  protocolRoutes(app, deps)
  loweringRoutes(app, deps)
  exceptionRoutes(app, deps)
  reportRoutes(app, deps)
  escalationRoutes(app, deps)
}

/** What a write on a contact gives back: its danger afterwards, and the contact for the screens. */
interface Changed {
  crisis: Crisis
  contact: CrisisContact
}

const after = async (tx: Tx, asker: Asker, contactId: string): Promise<Changed> => {
  const contact = await visible(tx, asker, contactId)
  return { contact, crisis: await crisisOf(tx, asker, contact) }
}

const told = (deps: CrisisDeps, context: Context, { crisis, contact }: Changed): Crisis => {
  const { contact_id: contactId, person_id: counsellorId } = contact
  tellOfCrisis(deps, context.hotlineId, { contactId, counsellorId })
  return crisis
}

function readRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  serve(app, readCrisis, (context, { params }) =>
    context.tx(async (tx) => {
      const asker = askerOf(deps, context)
      const contact = await visible(tx, asker, params.contactId)
      const crisis = await crisisOf(tx, asker, contact)
      if (contact.person_id !== asker.personId) await context.audit(tx, 'crisis.read', '', params.contactId)
      return crisis
    }),
  )
  serve(app, listProtocols, async () =>
    protocols.flatMap(({ protocol, words, grades }) => {
      const offered = grades.filter((grade) => grade.code !== undefined)
      if (offered.length === 0) return [{ protocol, words }]
      // The most serious first: at three in the morning nobody reads to the end of a list.
      return offered.toReversed().map((grade) => ({ protocol: grade.code ?? protocol, words: grade.words }))
    }),
  )
}

function protocolRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  serve(app, openProtocol, async (context, { params, body }) => {
    const asker = askerOf(deps, context)
    const changed = await context.tx(async (tx) => {
      const { contactId } = params
      const contact = await lockVisible(tx, asker, contactId)
      if (contact.state === 'closed' || contact.state === 'failed') throw new Problem('contact.alreadyClosed')
      const given = {
        hotlineId: context.hotlineId,
        contactId,
        personId: asker.personId,
        now: context.now(),
        level: levelOf(await findEntries(tx, contactId)),
      }
      const name = body.protocol ?? 'suicide'
      const { protocol, fresh } = await openRun(tx, { ...given, protocol: name, from: 'button' })
      const consulted = (await findReportsOf(tx, contactId)).some((report) => report.kind === 'consult')
      if (fresh && protocol.follows.report) await openReports(tx, { ...given, reason: 'protocol' })
      else if (fresh || !consulted)
        await openReports(tx, { ...given, reason: 'counsellor-asked' }, ['consult'])
      const result = await after(tx, asker, contactId)
      if (fresh) await context.audit(tx, 'protocol.opened', protocol.protocol, contactId, { from: 'button' })
      return result
    })
    return told(deps, context, changed)
  })
  serve(app, saveStep, async (context, { params, body }) => {
    const asker = askerOf(deps, context)
    const changed = await context.tx(async (tx) => {
      const { contact_id: contactId } = await seenRun(tx, asker, params.runId)
      await recordStep(tx, asker, await runOf(tx, params.runId), params.step, body, context.now())
      const result = await after(tx, asker, contactId)
      if (body.done || body.skipped !== undefined)
        await context.audit(tx, 'protocol.step', params.step, contactId, { runId: params.runId })
      return result
    })
    return told(deps, context, changed)
  })
  serve(app, closeProtocol, async (context, { params }) => {
    const asker = askerOf(deps, context)
    const { planned, ...changed } = await context.tx(async (tx) => {
      const { contact_id: contactId, ended_at: endedAt } = await seenRun(tx, asker, params.runId)
      const now = context.now()
      const { closed, followUps } = await closeRun(tx, asker, await runOf(tx, params.runId), now)
      const level = levelOf(await findEntries(tx, contactId))
      const plan = { hotlineId: context.hotlineId, contactId, level, endedAt: endedAt ?? now, now }
      const count = followUps ? await planFollowUps(tx, { ...plan, createdBy: asker.personId }) : 0
      const result = await after(tx, asker, contactId)
      if (closed) await context.audit(tx, 'protocol.closed', params.runId, contactId)
      return { ...result, planned: count }
    })
    if (planned > 0) deps.tasksChanged(context.hotlineId)
    return told(deps, context, changed)
  })
}

/** The contact of a run, locked; `protocol.notFound` when the asker may not see it. */
async function seenRun(tx: Tx, asker: Asker, runId: string): Promise<CrisisContact> {
  const run = await runOf(tx, runId)
  const contact = await lockVisible(tx, asker, run.contact_id).catch(() => null)
  if (!contact) throw new Problem('protocol.notFound')
  return contact
}

function loweringRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  serve(app, listLowerings, (context) =>
    context.tx((tx) =>
      findWaiting(tx, context.hotlineId, context.person.personId, deps.keys.wordsOf(context.hotlineId)),
    ),
  )
  serve(app, askLowering, async (context, { params, body }) => {
    const asker = askerOf(deps, context)
    const changed = await context.tx(async (tx) => {
      const { contactId } = params
      await lockVisible(tx, asker, contactId)
      const given = { hotlineId: context.hotlineId, contactId, personId: asker.personId, now: context.now() }
      await ask(tx, { ...given, ...body }, asker.words)
      const result = await after(tx, asker, contactId)
      await context.audit(tx, 'risk.lowering-asked', body.to, contactId)
      return result
    })
    return told(deps, context, changed)
  })
  serve(app, decideLowering, async (context, { params, body }) => {
    const asker = askerOf(deps, context)
    const { lowered, ...changed } = await context.tx(async (tx) => {
      const given = { hotlineId: context.hotlineId, personId: asker.personId, now: context.now() }
      const decided = await decide(tx, { ...given, ...params, ...body })
      const result = await after(tx, asker, decided.contactId)
      const action = decided.lowered === null ? 'risk.lowering-decided' : 'risk.lowered'
      await context.audit(tx, action, params.loweringId, decided.contactId, body)
      return { ...result, lowered: decided.lowered }
    })
    if (lowered !== null) deps.assessed(context.hotlineId, changed.contact.contact_id, lowered)
    return told(deps, context, changed)
  })
}

function exceptionRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  serve(app, recordException, async (context, { params, body }) => {
    const asker = askerOf(deps, context)
    const changed = await context.tx(async (tx) => {
      const { contactId } = params
      await lockVisible(tx, asker, contactId)
      const given = { hotlineId: context.hotlineId, contactId, personId: asker.personId, now: context.now() }
      const exceptionId = await insertException(tx, given, body, answersOf(deps.keys, context.hotlineId))
      const result = await after(tx, asker, contactId)
      await context.audit(tx, 'exception.recorded', exceptionId, contactId, { code: body.code })
      return result
    })
    return told(deps, context, changed)
  })
  serve(app, seeException, async (context, { params }) => {
    const asker = askerOf(deps, context)
    const changed = await context.tx(async (tx) => {
      const contactId = await see(tx, params.exceptionId, asker.personId, context.now())
      const result = await after(tx, asker, contactId)
      await context.audit(tx, 'exception.seen', params.exceptionId, contactId)
      return result
    })
    told(deps, context, changed)
    return { done: true as const }
  })
  serve(app, listExceptions, (context, { query }) =>
    context.tx(async (tx) => {
      const found = await listedExceptions(
        tx,
        context.hotlineId,
        query,
        answersOf(deps.keys, context.hotlineId),
      )
      await context.audit(tx, 'exception.listed', '', null, { found: found.rows.length })
      return found
    }),
  )
}

function reportRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  serve(app, listReports, (context, { query }) =>
    context.tx((tx) => {
      const asker = askerOf(deps, context)
      return listed(tx, context.hotlineId, asker, query, asker.words)
    }),
  )
  serve(app, acknowledgeReport, async (context, { params, body }) => {
    const asker = askerOf(deps, context)
    const row = await context.tx(async (tx) => {
      const note = asker.words.seal(body.note)
      const given = { reportId: params.reportId, note, by: 'screen' as const, now: context.now() }
      const acknowledged = await acknowledge(tx, asker, given)
      const { contact_id: contactId } = acknowledged.row
      if (acknowledged.fresh) await context.audit(tx, 'report.acknowledged', params.reportId, contactId)
      return acknowledged.row
    })
    reportOver(deps, context.hotlineId, row)
    return shownReport(row, asker, asker.words)
  })
  const { db } = app.ground
  // A screen that comes back rings on for what asked it.
  deps.live.onConnect(async (person) => {
    if (!may(person.roles, 'report.acknowledge')) return []
    const rows = await inHotline(db, person.hotlineId, (tx) => findAsking(tx, person.personId))
    const sealed = deps.keys.wordsOf(person.hotlineId)
    return rows.map((row) => ({ type: 'report' as const, report: shownReport(row, person, sealed) }))
  })
}

function escalationRoutes(app: FastifyInstance, deps: CrisisDeps): void {
  const { keys } = deps
  serve(app, readEscalation, (context) =>
    context.tx((tx) => settingsOf(tx, (sealed) => keys.open(context.hotlineId, sealed))),
  )
  serve(app, changeEscalation, (context, { body }) =>
    context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'hotline', context.hotlineId)
      await saveEscalation(tx, body)
      await context.audit(tx, 'escalation.changed', '', null, { ...body, ...(await hashes()) })
      return { done: true as const }
    }),
  )
  serve(app, changeOnCall, (context, { params, body }) =>
    context.tx(async (tx) => {
      await saveOnCall(tx, params.personId, body, (phone) => keys.seal(context.hotlineId, phone))
      const changed = { onCall: body.onCall, phone: body.phone !== undefined }
      await context.audit(tx, 'escalation.on-call', params.personId, null, changed)
      return { done: true as const }
    }),
  )
}
