import type { FastifyInstance } from 'fastify'
import {
  answerDisposal,
  decideKeeping,
  listCertificates,
  listDisposalContacts,
  listDisposals,
  listKept,
  makeCallerCode,
  openByCode,
  proposeDisposal,
  readConsents,
  readKept,
  recordConsent,
  withdrawByCode,
  withdrawForCaller,
} from '../../api/retention.ts'
import type { Purpose } from '../../domain/consent.ts'
import { visible, type Asker } from '../contacts/contacts.ts'
import { appendAudit } from '../db/audit.ts'
import { openCustody } from '../db/custody.ts'
import { inHotline } from '../db/database.ts'
import { serve, servePublic, type Context, type PublicContext } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import type { Places } from '../records/records.ts'
import { makeCode, useCode, type Opened } from './caller-code.ts'
import { readConsentsOf, recordConsent as writeConsent } from './consents.ts'
import {
  answer,
  certificates,
  contactsOfList,
  finishDisposals,
  listedDisposals,
  propose,
  readDisposal,
} from './disposals.ts'
import { decide, listKeptContacts, readKeptContact } from './retention.ts'

/** What the routes of keeping are given. */
export interface RetentionDeps {
  keys: Pick<Keys, 'wordsOf'>
  /** Where recordings lie. */
  places: Places
  /** Told after contacts were restricted, destroyed, or their consents changed. */
  changed: (hotlineId: string) => void
}

const askerOf = (context: Context): Asker => ({
  personId: context.person.personId,
  roles: context.person.roles,
  now: context.now(),
})

const doerOf = (context: Context) => ({
  hotlineId: context.hotlineId,
  personId: context.person.personId,
  now: context.now(),
})

/** Serves api/retention.ts. Every decision, consent, code and disposal is in the audit chain. */
export function retentionRoutes(app: FastifyInstance, deps: RetentionDeps): void {
  consentRoutes(app, deps)
  codeRoutes(app, deps)
  custodyRoutes(app, deps)
  disposalRoutes(app, deps)
}

function consentRoutes(app: FastifyInstance, { changed }: RetentionDeps): void {
  serve(app, readConsents, (context, { params }) =>
    context.tx(async (tx) => {
      await visible(tx, askerOf(context), params.contactId)
      return readConsentsOf(tx, params.contactId)
    }),
  )
  serve(app, recordConsent, async (context, { params, body }) => {
    const { contactId } = params
    const read = await context.tx(async (tx) => {
      await visible(tx, askerOf(context), contactId)
      await writeConsent(tx, { ...doerOf(context), ...body, contactId })
      const after = await readConsentsOf(tx, contactId)
      await context.audit(tx, 'consent.recorded', body.purpose, contactId, { yes: body.yes })
      return after
    })
    changed(context.hotlineId)
    return read
  })
  serve(app, makeCallerCode, (context, { params }) =>
    context.tx(async (tx) => {
      await visible(tx, askerOf(context), params.contactId)
      const code = await makeCode(tx, { ...doerOf(context), contactId: params.contactId })
      await context.audit(tx, 'code.made', '', params.contactId)
      return { code }
    }),
  )
}

/** The caller's own way, without a name: few tries a minute from one address, and few for one code. */
function codeRoutes(app: FastifyInstance, { changed }: RetentionDeps): void {
  const use = async (
    context: PublicContext,
    code: string,
    withdraw: Purpose | null,
  ): Promise<Opened['page']> => {
    const now = context.now()
    const { hotlineId, contactId, page } = await useCode(context.db, code, withdraw, now)
    const action = withdraw ? 'consent.withdrawn' : 'code.used'
    await inHotline(context.db, hotlineId, (tx) =>
      appendAudit(tx, { at: now, actor: null, action, subject: withdraw ?? '', contactId }),
    )
    if (withdraw) changed(hotlineId)
    return page
  }
  const limits = { perMinute: 10 }
  servePublic(app, openByCode, (context, { body }) => use(context, body.code, null), limits)
  servePublic(app, withdrawByCode, (context, { body }) => use(context, body.code, body.purpose), limits)
}

function custodyRoutes(app: FastifyInstance, { changed, keys }: RetentionDeps): void {
  serve(app, listKept, (context, { query }) => context.tx((tx) => listKeptContacts(tx, query, context.now())))
  serve(app, readKept, (context, { params }) =>
    context.tx(async (tx) => {
      const kept = await readKeptContact(tx, params.contactId, context.now(), keys.wordsOf(context.hotlineId))
      await context.audit(tx, 'custody.read', '', params.contactId)
      return kept
    }),
  )
  serve(app, decideKeeping, async (context, { params, body }) => {
    const { contactId } = params
    const after = await context.tx(async (tx) => {
      const kept = await decide(tx, { ...doerOf(context), contactId }, body, keys.wordsOf(context.hotlineId))
      await context.audit(tx, 'retention.decided', body.kind, contactId)
      return kept
    })
    changed(context.hotlineId)
    return after
  })
  serve(app, withdrawForCaller, async (context, { params, body }) => {
    const { contactId } = params
    await context.tx(async (tx) => {
      await openCustody(tx)
      const how = { yes: false, givenBy: 'caller', how: 'custodian' } as const
      await writeConsent(tx, { ...doerOf(context), ...body, ...how, contactId })
      await context.audit(tx, 'consent.withdrawn', body.purpose, contactId)
    })
    changed(context.hotlineId)
    return { done: true as const }
  })
}

function disposalRoutes(app: FastifyInstance, { keys, places, changed }: RetentionDeps): void {
  const readerOf = ({ hotlineId, person }: Context) => ({
    personId: person.personId,
    words: keys.wordsOf(hotlineId),
  })
  serve(app, listDisposals, (context, { query }) =>
    context.tx((tx) => listedDisposals(tx, query, readerOf(context))),
  )
  serve(app, proposeDisposal, async (context, { body }) => {
    const made = await context.tx(async (tx) => {
      const list = await propose(tx, { ...doerOf(context), ...readerOf(context) }, body.contactIds)
      await context.audit(tx, 'disposal.proposed', list.disposalId, null, { contacts: list.contacts })
      return list
    })
    changed(context.hotlineId)
    return made
  })
  serve(app, answerDisposal, async (context, { params, body }) => {
    const { hotlineId } = context
    const { disposalId } = params
    const answered = await context.tx(async (tx) => {
      const list = await answer(tx, { ...doerOf(context), ...readerOf(context) }, disposalId, body)
      await context.audit(tx, body.granted ? 'disposal.approved' : 'disposal.refused', disposalId)
      return list
    })
    if (answered.state === 'approved') await finishDisposals(context.db, hotlineId, places, context.now())
    changed(hotlineId)
    return context.tx((tx) => readDisposal(tx, disposalId, readerOf(context)))
  })
  serve(app, listDisposalContacts, (context, { params, query }) =>
    context.tx((tx) => contactsOfList(tx, params.disposalId, query, context.now())),
  )
  serve(app, listCertificates, (context, { query }) => context.tx((tx) => certificates(tx, query)))
}
