import type { FastifyInstance } from 'fastify'
import {
  closeContact,
  enterContact,
  listContacts,
  readBlankForm,
  readContact,
  readForm,
  saveForm,
} from '../../api/contacts.ts'
import { purposeOf, type Permission } from '../../domain/permission.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import type { Purpose } from '../../domain/rule.ts'
import { serve, type Context } from '../http/serve.ts'
import type { ContactSealing } from '../records/answers.ts'
import { close, enter, list, read, readBlank, readSaved, save, type Asker } from './contacts.ts'
import { openVisits } from './visits.ts'

/** What the routes of contacts are given. */
export interface ContactsDeps {
  /** How a hotline's contacts are sealed and found. */
  sealingOf: (hotlineId: string) => ContactSealing
  /** Told after a save that lists or boards show (stage, class, danger), or a finished record, so that they follow. */
  changed: (hotlineId: string, contactId: string, what: 'form' | 'closed') => void
  /** Told after a form was saved: the same person's other windows take the revision over. */
  saved: (hotlineId: string, contactId: string, personId: string, revision: number) => void
  /** Told after a save that was about danger, with the contact's level now (null: not assessed). */
  assessed: (hotlineId: string, contactId: string, personId: string, level: RiskLevel | null) => void
}

const askerOf = (context: Context, purpose?: Purpose): Asker => ({
  personId: context.person.personId,
  roles: context.person.roles,
  now: context.now(),
  purpose,
})

/** For the audit chain: what the person reads for (G24-7.5b). */
const forWhat = (context: Context, right: Permission, stated?: Purpose) => ({
  purpose: purposeOf(context.person.roles, right, stated),
})

/** The form of a contact: read, saved as typed, empty for a line. Readings and visits are written into the audit chain. */
function formRoutes(app: FastifyInstance, deps: ContactsDeps): void {
  serve(app, readForm, (context, { params, query }) =>
    context.tx(async (tx) => {
      const saved = await readSaved(
        tx,
        askerOf(context, query.purpose),
        params.contactId,
        deps.sealingOf(context.hotlineId),
      )
      const why = forWhat(context, 'contact.notes', query.purpose)
      await context.audit(tx, 'form.read', '', params.contactId, why)
      return saved
    }),
  )
  serve(app, readBlankForm, (context, { params }) =>
    context.tx((tx) => readBlank(tx, context.hotlineId, params.lineId)),
  )
  const visits = openVisits()
  serve(app, saveForm, async (context, { params, body }) => {
    const { personId } = context.person
    const { contactId } = params
    const now = context.now()
    const { saved, heard, shown } = await context.tx(async (tx) => {
      const result = await save(tx, askerOf(context), contactId, body, deps.sealingOf(context.hotlineId), now)
      if (visits.begins(personId, contactId, now))
        await context.audit(tx, 'form.written', '', contactId, forWhat(context, 'contact.write'))
      return result
    })
    visits.note(personId, contactId, now)
    if (shown) deps.changed(context.hotlineId, params.contactId, 'form')
    deps.saved(context.hotlineId, params.contactId, personId, saved.revision)
    if (heard) deps.assessed(context.hotlineId, params.contactId, personId, heard.level)
    return saved
  })
}

/** Serves api/contacts.ts. Reading a contact's page, its form and a search by number are written into the audit chain. */
export function contactsRoutes(app: FastifyInstance, deps: ContactsDeps): void {
  formRoutes(app, deps)
  serve(app, listContacts, (context, { query }) =>
    context.tx(async (tx) => {
      const page = await list(
        tx,
        context.hotlineId,
        askerOf(context),
        query,
        deps.sealingOf(context.hotlineId),
      )
      if (query.suffix !== undefined || query.text !== undefined)
        await context.audit(tx, 'contact.searched', query.suffix === undefined ? 'text' : 'suffix', null, {
          found: page.rows.length,
        })
      return page
    }),
  )
  serve(app, readContact, (context, { params }) =>
    context.tx(async (tx) => {
      const contact = await read(tx, askerOf(context), params.contactId, deps.sealingOf(context.hotlineId))
      await context.audit(tx, 'contact.read', '', params.contactId, forWhat(context, 'contact.read'))
      return contact
    }),
  )
  serve(app, closeContact, async (context, { params }) => {
    await context.tx(async (tx) => {
      await close(tx, askerOf(context), params.contactId, deps.sealingOf(context.hotlineId), context.now())
      await context.audit(tx, 'contact.closed', '', params.contactId)
    })
    deps.changed(context.hotlineId, params.contactId, 'closed')
    return { done: true as const }
  })
  serve(app, enterContact, async (context, { body }) => {
    const { hotlineId } = context
    const { contactId, number, heard } = await context.tx((tx) =>
      enter(tx, hotlineId, askerOf(context), body, deps.sealingOf(hotlineId), context.now()),
    )
    if (heard) deps.assessed(hotlineId, contactId, context.person.personId, heard.level)
    return { contactId, number }
  })
}
