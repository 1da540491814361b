import type { FastifyInstance } from 'fastify'
import {
  closeContact,
  enterContact,
  listContacts,
  readContact,
  readForm,
  saveForm,
} from '../../api/contacts.ts'
import { serve, type Context } from '../http/serve.ts'
import { close, enter, list, read, readSaved, save, type Asker, type Numbers } from './contacts.ts'

/** What the routes of contacts are given. */
export interface ContactsDeps {
  /** How a hotline's callers' numbers are sealed and found. */
  numbersOf: (hotlineId: string) => Numbers
  /** Told after a form was saved or a record finished, so that other screens follow. */
  changed: (hotlineId: string, contactId: string, what: 'form' | 'closed') => void
}

const askerOf = (context: Context): Asker => ({
  personId: context.person.personId,
  roles: context.person.roles,
})

/** Serves api/contacts.ts. Reading a contact's page, its form and a search by number are written into the audit chain. */
export function contactsRoutes(app: FastifyInstance, deps: ContactsDeps): void {
  serve(app, listContacts, (context, { query }) =>
    context.tx(async (tx) => {
      const page = await list(
        tx,
        context.hotlineId,
        askerOf(context),
        query,
        deps.numbersOf(context.hotlineId),
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
      const contact = await read(tx, askerOf(context), params.contactId, deps.numbersOf(context.hotlineId))
      await context.audit(tx, 'contact.read', '', params.contactId)
      return contact
    }),
  )
  serve(app, readForm, (context, { params }) =>
    context.tx(async (tx) => {
      const saved = await readSaved(tx, askerOf(context), params.contactId)
      await context.audit(tx, 'form.read', '', params.contactId)
      return saved
    }),
  )
  serve(app, saveForm, async (context, { params, body }) => {
    const saved = await context.tx((tx) =>
      save(tx, askerOf(context), params.contactId, body.form, body.revision, context.now()),
    )
    deps.changed(context.hotlineId, params.contactId, 'form')
    return saved
  })
  serve(app, closeContact, async (context, { params }) => {
    await context.tx(async (tx) => {
      await close(tx, askerOf(context), params.contactId, context.now())
      await context.audit(tx, 'contact.closed', '', params.contactId)
    })
    deps.changed(context.hotlineId, params.contactId, 'closed')
    return { done: true as const }
  })
  serve(app, enterContact, (context, { body }) =>
    context.tx(async (tx) => {
      const numbers = deps.numbersOf(context.hotlineId)
      return enter(tx, askerOf(context), body, numbers, context.now())
    }),
  )
}
