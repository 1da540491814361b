import type { FastifyInstance } from 'fastify'
import {
  changeInstrument,
  listAssessments,
  listInstruments,
  listInstrumentSettings,
  loadText,
  makeLink as makeLinkAt,
  noteByLink,
  noteCritical,
  openLink,
  readInstrument,
  readText,
  revokeLink as revokeLinkAt,
  saveAssessment,
  sendByLink,
} from '../../api/assessment.ts'
import { visible, type Asker } from '../contacts/contacts.ts'
import { beforeChange } from '../db/fingerprint.ts'
import { serve, servePublic, type Context } from '../http/serve.ts'
import { list, note, read, store, type Told } from './assessment.ts'
import type { Catalogue } from './catalogue.ts'
import { makeLink, noteByToken, openByToken, revokeLink, sendByToken } from './links.ts'
import { choose, loadWording, oneUsed, readLoaded, rowOf, settingsOf, sheetOf, usedOf } from './settings.ts'

/** What the routes of assessment are given. */
export interface AssessmentDeps {
  catalogue: Catalogue
  /** Told when something on a contact changed; `raised` when its level rose, so that the living call hears of it. */
  changed: (hotlineId: string, told: Told) => void
  /** Told when the use of an instrument changed. */
  instrumentsChanged: (hotlineId: string) => void
}

const askerOf = ({ person }: Context): Asker => ({ personId: person.personId, roles: person.roles })

/** Serves api/assessment.ts. */
export function assessmentRoutes(app: FastifyInstance, deps: AssessmentDeps): void {
  contactRoutes(app, deps)
  linkRoutes(app, deps)
  settingsRoutes(app, deps)
  callerRoutes(app, deps)
}

function contactRoutes(app: FastifyInstance, { catalogue, changed }: AssessmentDeps): void {
  serve(app, listInstruments, (context) =>
    context.tx(async (tx) => (await usedOf(tx, catalogue)).filter(({ choice }) => choice.enabled).map(rowOf)),
  )
  serve(app, readInstrument, (context, { params }) =>
    context.tx(async (tx) => sheetOf(await oneUsed(tx, catalogue, params.instrument), params.language)),
  )
  serve(app, listAssessments, (context, { params }) =>
    context.tx(async (tx) => {
      const found = await list(tx, catalogue, askerOf(context), params.contactId, context.now())
      await context.audit(tx, 'assessment.read', '', params.contactId)
      return found
    }),
  )
  serve(app, saveAssessment, async (context, { params, body }) => {
    const { contactId } = params
    const { personId } = context.person
    const { row, told } = await context.tx(async (tx) => {
      await visible(tx, askerOf(context), contactId)
      const given = { ...body, contactId, hotlineId: context.hotlineId, personId, now: context.now() }
      const done = await store(tx, catalogue, given)
      await context.audit(tx, 'assessment.saved', body.instrument, contactId)
      return { told: done, row: await read(tx, catalogue, contactId, body.assessmentId) }
    })
    changed(context.hotlineId, told)
    return row
  })
  serve(app, noteCritical, async (context, { params, body }) => {
    const { contactId } = params
    const told = await context.tx(async (tx) => {
      await visible(tx, askerOf(context), contactId)
      return note(tx, catalogue, {
        ...body,
        contactId,
        hotlineId: context.hotlineId,
        personId: context.person.personId,
        now: context.now(),
      })
    })
    changed(context.hotlineId, told)
    return { done: true as const }
  })
}

function linkRoutes(app: FastifyInstance, { catalogue, changed }: AssessmentDeps): void {
  const tellPanel = (context: Context, contactId: string, personId: string | null): void =>
    changed(context.hotlineId, { contactId, personId, level: null, raised: false })
  serve(app, makeLinkAt, async (context, { params, body }) => {
    const { contactId } = params
    const now = context.now()
    const expiresAt = new Date(now.getTime() + body.hours * 3_600_000)
    const { made, counsellor } = await context.tx(async (tx) => {
      const contact = await visible(tx, askerOf(context), contactId)
      const link = await makeLink(tx, catalogue, {
        hotlineId: context.hotlineId,
        contactId,
        instrument: body.instrument,
        language: body.language,
        personId: context.person.personId,
        now,
        expiresAt,
      })
      await context.audit(tx, 'assessment.linkMade', body.instrument, contactId, { hours: body.hours })
      return { made: link, counsellor: contact.person_id }
    })
    tellPanel(context, contactId, counsellor)
    return { ...made, expiresAt: expiresAt.toISOString() }
  })
  serve(app, revokeLinkAt, async (context, { params }) => {
    const { contactId, linkId } = params
    const counsellor = await context.tx(async (tx) => {
      const contact = await visible(tx, askerOf(context), contactId)
      await revokeLink(tx, contactId, linkId, context.now())
      await context.audit(tx, 'assessment.linkRevoked', linkId, contactId)
      return contact.person_id
    })
    tellPanel(context, contactId, counsellor)
    return { done: true as const }
  })
}

function settingsRoutes(app: FastifyInstance, { catalogue, instrumentsChanged }: AssessmentDeps): void {
  serve(app, listInstrumentSettings, (context) =>
    context.tx(async (tx) => (await usedOf(tx, catalogue)).map(settingsOf)),
  )
  serve(app, changeInstrument, async (context, { params, body }) => {
    const used = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'hotline', context.hotlineId)
      const changed = await choose(tx, catalogue, params.instrument, body)
      const data = { ...body, ...(await hashes()) }
      await context.audit(tx, 'instrument.changed', params.instrument, null, data)
      return changed
    })
    instrumentsChanged(context.hotlineId)
    return settingsOf(used)
  })
  serve(app, readText, (context, { params }) =>
    context.tx((tx) => readLoaded(tx, catalogue, params.instrument, params.language)),
  )
  serve(app, loadText, async (context, { params, body }) => {
    const used = await context.tx(async (tx) => {
      const loaded = await loadWording(tx, catalogue, {
        ...params,
        ...body,
        hotlineId: context.hotlineId,
        personId: context.person.personId,
        now: context.now(),
      })
      await context.audit(tx, 'instrument.textLoaded', params.instrument, null, {
        language: params.language,
        source: body.source,
      })
      return loaded
    })
    instrumentsChanged(context.hotlineId)
    return settingsOf(used)
  })
}

/** A person answering needs a handful of requests; more from one address is somebody's program. */
const perMinute = 30

function callerRoutes(app: FastifyInstance, { catalogue, changed }: AssessmentDeps): void {
  servePublic(
    app,
    openLink,
    async ({ db, now }, { body }) => {
      const { page, heard } = await openByToken(db, catalogue, { ...body, now: now() })
      if (heard) changed(heard.hotlineId, heard.told)
      return page
    },
    { perMinute },
  )
  servePublic(
    app,
    noteByLink,
    async ({ db, now }, { body }) => {
      const { hotlineId, told } = await noteByToken(db, catalogue, { ...body, now: now() })
      changed(hotlineId, told)
      return { done: true as const }
    },
    { perMinute },
  )
  servePublic(
    app,
    sendByLink,
    async ({ db, now }, { body }) => {
      const { hotlineId, told } = await sendByToken(db, catalogue, { ...body, now: now() })
      changed(hotlineId, told)
      return { done: true as const }
    },
    { perMinute },
  )
}
