import type { FastifyInstance } from 'fastify'
import {
  answerHelp as answerHelpEndpoint,
  askHelp as askHelpEndpoint,
  giveHint as giveHintEndpoint,
  listHelp,
  listHints,
  readHelp,
  seeHints as seeHintsEndpoint,
  superviseCall,
  withdrawHelp as withdrawHelpEndpoint,
} from '../../api/supervise.ts'
import type { SuperviseMode } from '../../domain/call-state.ts'
import { visible } from '../contacts/contacts.ts'
import type { Live } from '../http/live.ts'
import { serve, type Context } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import {
  answerHelp,
  askHelp,
  comesTo,
  type Deed,
  findHelp,
  findHints,
  giveHint,
  seeHints,
  tellHelp,
  tellHelpOver,
  withdrawHelp,
} from './help.ts'

/** What the routes of help are given. */
export interface HelpDeps {
  live: Pick<Live, 'publish'>
  keys: Pick<Keys, 'wordsOf'>
  /** Joins the person's own seat to a call, changes the way, or leaves. */
  supervise: (
    hotlineId: string,
    personId: string,
    contactId: string,
    wish: { mode: SuperviseMode; reason?: string | undefined } | { mode: 'off' },
  ) => Promise<void>
}

const deedOf = (context: Context, contactId: string): Deed => ({
  hotlineId: context.hotlineId,
  contactId,
  personId: context.person.personId,
  now: context.now(),
})

/** Serves supervision at a call, the counsellor's call for help, and hints. */
export function helpRoutes(app: FastifyInstance, deps: HelpDeps): void {
  joinRoutes(app, deps)
  askRoutes(app, deps)
  hintRoutes(app, deps)
}

function joinRoutes(app: FastifyInstance, { live, supervise }: HelpDeps): void {
  serve(app, superviseCall, async (context, { params: { contactId }, body }) => {
    const { hotlineId } = context
    const { personId } = context.person
    // Before, not after, and without the words of the reason, which are on the record: nobody listens unaudited.
    await context.tx((tx) => context.audit(tx, 'call.supervised', body.mode, contactId))
    await supervise(hotlineId, personId, contactId, body)
    if (body.mode === 'off') return { done: true as const }
    const help = await context.tx(async (tx) => {
      const before = await findHelp(tx, { contactId })
      return before.length > 0 ? comesTo(tx, deedOf(context, contactId)) : null
    })
    if (help) await tellAnswered(context, live, help.helpId, contactId)
    return { done: true as const }
  })
  serve(app, answerHelpEndpoint, async (context, { params: { helpId } }) => {
    const { hotlineId, person, now } = context
    const { row, personId } = await context.tx((tx) =>
      answerHelp(tx, helpId, { hotlineId, personId: person.personId, now: now() }),
    )
    tellHelpOver(live, hotlineId, { helpId, contactId: row.contactId, counsellor: personId })
    return row
  })
  serve(app, listHelp, (context) => context.tx((tx) => findHelp(tx, { asks: context.person.personId })))
}

async function tellAnswered(
  context: Context,
  live: HelpDeps['live'],
  helpId: string,
  contactId: string,
): Promise<void> {
  const asker = await context.tx((tx) =>
    tx.selectFrom('help_request').select('person_id').where('help_id', '=', helpId).executeTakeFirst(),
  )
  if (asker) tellHelpOver(live, context.hotlineId, { helpId, contactId, counsellor: asker.person_id })
}

function askRoutes(app: FastifyInstance, { live }: HelpDeps): void {
  serve(app, askHelpEndpoint, async (context, { params: { contactId } }) => {
    const rung = await context.tx((tx) => askHelp(tx, deedOf(context, contactId)))
    tellHelp(live, context.hotlineId, rung)
    return rung.row
  })
  serve(app, readHelp, (context, { params: { contactId } }) =>
    context.tx(async (tx) => {
      await visible(tx, context.person, contactId)
      return (await findHelp(tx, { contactId }))[0] ?? null
    }),
  )
  serve(app, withdrawHelpEndpoint, async (context, { params: { contactId } }) => {
    const deed = deedOf(context, contactId)
    const helpId = await context.tx((tx) => withdrawHelp(tx, deed))
    if (helpId !== null)
      tellHelpOver(live, context.hotlineId, { helpId, contactId, counsellor: deed.personId })
    return { done: true as const }
  })
}

function hintRoutes(app: FastifyInstance, { live, keys }: HelpDeps): void {
  serve(app, listHints, (context, { params: { contactId } }) =>
    context.tx(async (tx) => {
      await visible(tx, context.person, contactId)
      return findHints(tx, contactId, keys.wordsOf(context.hotlineId))
    }),
  )
  serve(app, giveHintEndpoint, async (context, { params: { contactId }, body: { words } }) => {
    const { hint, to } = await context.tx(async (tx) => {
      const deed = { ...deedOf(context, contactId), words }
      const given = await giveHint(tx, deed, keys.wordsOf(context.hotlineId))
      await context.audit(tx, 'hint.given', given.hint.hintId, contactId)
      return given
    })
    const { hintId, from, at } = hint
    live.publish(context.hotlineId, { personId: to }, { type: 'hint', hintId, contactId, from, words, at })
    return hint
  })
  serve(app, seeHintsEndpoint, async (context, { params: { contactId } }) => {
    await context.tx((tx) => seeHints(tx, deedOf(context, contactId)))
    live.publish(context.hotlineId, { right: 'call.supervise' }, { type: 'crisis', contactId })
    return { done: true as const }
  })
}
