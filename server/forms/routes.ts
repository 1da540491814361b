import type { FastifyInstance } from 'fastify'
import {
  compareForms,
  discardDraft as discardDraftAt,
  listForms as listFormsAt,
  listVersions as listVersionsAt,
  publishForm,
  readDraft as readDraftAt,
  readVersion as readVersionAt,
  saveDraft as saveDraftAt,
  startOverlay as startOverlayAt,
} from '../../api/forms.ts'
import { serve, type Context } from '../http/serve.ts'
import {
  compare,
  discardDraft,
  listForms,
  listVersions,
  publish,
  readDraft,
  readVersion,
  saveDraft,
  startOverlay,
  type By,
} from './drafts.ts'

/** What the routes of forms are given. */
export interface FormsDeps {
  /** Told when a draft has changed, or a new version is what contacts get from now on. */
  changed: (hotlineId: string, what: 'draft' | 'version') => void
}

const byOf = (context: Context): By => ({ personId: context.person.personId, now: context.now() })

/** A whole form is larger than what is usually sent; the shipped one has about 60 kB. */
const formBytes = 2 * 1024 * 1024

/** Serves making forms without code (G24-4.4.1); every change is in the audit chain. */
export function formsRoutes(app: FastifyInstance, deps: FormsDeps): void {
  serve(app, listFormsAt, (context, { query }) => context.tx((tx) => listForms(tx, context.hotlineId, query)))
  serve(app, startOverlayAt, async (context, { body }) => {
    const { formId, started } = await context.tx(async (tx) => {
      const overlay = await startOverlay(tx, context.hotlineId, body.lineId)
      if (overlay.started) await context.audit(tx, 'form.started', overlay.formId)
      return overlay
    })
    if (started) deps.changed(context.hotlineId, 'draft')
    return { formId }
  })
  draftRoutes(app, deps)
  versionRoutes(app, deps)
}

function draftRoutes(app: FastifyInstance, deps: FormsDeps): void {
  serve(app, readDraftAt, (context, { params }) => context.tx((tx) => readDraft(tx, params.formId)))
  serve(
    app,
    saveDraftAt,
    async (context, { params, body }) => {
      const by = byOf(context)
      const saved = await context.tx(async (tx) => {
        const draft = await saveDraft(tx, params.formId, body, by)
        const { revision, faults } = draft
        if (draft.changed)
          await context.audit(tx, 'form.drafted', params.formId, null, { revision, faults: faults.length })
        return draft
      })
      if (saved.changed) deps.changed(context.hotlineId, 'draft')
      const { revision, faults } = saved
      return { revision, faults, draftAt: by.now.toISOString(), draftBy: context.person.displayName }
    },
    { bodyBytes: formBytes },
  )
  serve(app, discardDraftAt, async (context, { params, query }) => {
    const discarded = await context.tx(async (tx) => {
      const was = await discardDraft(tx, params.formId, query.revision, byOf(context))
      if (was) await context.audit(tx, 'form.discarded', params.formId)
      return was
    })
    if (discarded) deps.changed(context.hotlineId, 'draft')
    return { done: true as const }
  })
}

function versionRoutes(app: FastifyInstance, deps: FormsDeps): void {
  serve(app, publishForm, async (context, { params, body }) => {
    const row = await context.tx(async (tx) => {
      const made = await publish(tx, context.hotlineId, params.formId, body, byOf(context))
      const { version, sha256 } = made
      await context.audit(tx, 'form.published', params.formId, null, { version, sha256 })
      return made
    })
    deps.changed(context.hotlineId, 'version')
    return row
  })
  serve(app, listVersionsAt, (context, { params, query }) =>
    context.tx((tx) => listVersions(tx, params.formId, query)),
  )
  serve(app, readVersionAt, (context, { params }) =>
    context.tx((tx) => readVersion(tx, params.formId, params.version)),
  )
  serve(app, compareForms, async (context, { params, query }) => {
    const changes = await context.tx((tx) => compare(tx, params.formId, query.from, query.to))
    return { changes }
  })
}
