import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import {
  addReceiver,
  askDisclosure,
  decideDisclosure,
  enterReceipt,
  handOver,
  listDisclosures,
  listReceivers,
  lookAtContents,
  makePackage,
  readDisclosure,
  removeReceiver,
  withdrawDisclosure,
  type Disclosure,
} from '../../api/disclosure.ts'
import { id } from '../../api/endpoint.ts'
import type { DisclosureStep } from '../../domain/disclosure.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { serve, serveFile, type Context } from '../http/serve.ts'
import { answersOf, contactSealing } from '../records/answers.ts'
import { keepWords } from '../records/kept-words.ts'
import type { Keys } from '../records/keys.ts'
import type { Places } from '../records/records.ts'
import { ask, list, lookAt, moveOn, noteDownload, read, receive, type Doer } from './disclosure.ts'
import { openPackages, type Packages } from './making.ts'
import { add, receivers, remove } from './receivers.ts'

/** What the routes of disclosures are given. */
export interface DisclosureDeps {
  keys: Keys
  dataFolder: string
  /** Where recordings lie. */
  places: Places
  /** Told after the register or the receivers changed, so that lists are read again. */
  changed: (hotlineId: string) => void
  /** Told of a package that failed after the answer was sent. */
  failed: (error: unknown) => void
}

interface Ground extends DisclosureDeps {
  packages: Packages
}

/** So long an answer waits for a package; after it the making goes on by itself. */
const patienceMs = 8000

const byOf = (context: Context) => ({ personId: context.person.personId, now: context.now() })

const doerOf = (context: Context, { keys }: Ground): Doer => ({
  hotlineId: context.hotlineId,
  asker: { ...byOf(context), roles: context.person.roles, purpose: 'disclosure' },
  sealing: contactSealing(keys, context.hotlineId),
})

const shown = (
  tx: Tx,
  context: Context,
  { packages, keys }: Ground,
  disclosureId: string,
): Promise<Disclosure> =>
  read(tx, context.hotlineId, context.person.personId, disclosureId, {
    making: packages.isMaking(disclosureId),
    kept: packages.isKept(context.hotlineId, disclosureId),
    signer: keys.signer(context.hotlineId).toString('base64url'),
    words: keys.wordsOf(context.hotlineId),
  })

/** Serves api/disclosure.ts. Every look and every step is in the audit chain and in the disclosure's own log. */
export function disclosureRoutes(app: FastifyInstance, deps: DisclosureDeps): void {
  const { db, now } = app.ground
  const ground = {
    ...deps,
    packages: openPackages({ db, now, ...deps }),
  }
  receiverRoutes(app, ground)
  readingRoutes(app, ground)
  askingRoutes(app, ground)
  packageRoutes(app, ground)
}

function receiverRoutes(app: FastifyInstance, { changed }: Ground): void {
  serve(app, listReceivers, (context, { query }) => context.tx((tx) => receivers(tx, query)))
  serve(app, addReceiver, async (context, { body }) => {
    const made = await context.tx(async (tx) => {
      const receiver = await add(tx, context.hotlineId, body, byOf(context))
      await context.audit(tx, 'receiver.added', receiver.receiverId, null, { recipient: receiver.recipient })
      return receiver
    })
    changed(context.hotlineId)
    return made
  })
  serve(app, removeReceiver, async (context, { params }) => {
    await context.tx(async (tx) => {
      await remove(tx, params.receiverId, context.now())
      await context.audit(tx, 'receiver.removed', params.receiverId)
    })
    changed(context.hotlineId)
    return { done: true as const }
  })
}

function readingRoutes(app: FastifyInstance, ground: Ground): void {
  serve(app, listDisclosures, (context, { query }) =>
    context.tx((tx) => list(tx, context.hotlineId, query, answersOf(ground.keys, context.hotlineId))),
  )
  serve(app, readDisclosure, (context, { params }) =>
    context.tx(async (tx) => {
      const found = await shown(tx, context, ground, params.disclosureId)
      await context.audit(tx, 'disclosure.read', params.disclosureId)
      return found
    }),
  )
  serve(app, lookAtContents, (context, { body }) =>
    context.tx(async (tx) => {
      const { contactIds, ...found } = await lookAt(tx, doerOf(context, ground), body)
      for (const contactId of contactIds)
        await context.audit(tx, 'disclosure.looked', '', contactId, { purpose: body.purpose })
      return found
    }),
  )
}

function askingRoutes(app: FastifyInstance, ground: Ground): void {
  serve(app, askDisclosure, async (context, { body }) => {
    const made = await context.tx(async (tx) => {
      const { disclosureId, contactIds } = await ask(tx, doerOf(context, ground), body)
      const asked = await shown(tx, context, ground, disclosureId)
      const { purpose, basis, sound } = body
      for (const contactId of contactIds)
        await context.audit(tx, 'disclosure.asked', disclosureId, contactId, { purpose, basis, sound })
      return asked
    })
    ground.changed(context.hotlineId)
    return made
  })
  const moved = async (
    context: Context,
    disclosureId: string,
    step: DisclosureStep,
    action: string,
    words: string,
  ): Promise<Disclosure> => {
    const after = await context.tx(async (tx) => {
      const sealing = answersOf(ground.keys, context.hotlineId)
      const kept = words && (await keepWords(tx, { hotlineId: context.hotlineId }, { words }, sealing))
      await moveOn(tx, disclosureId, step, byOf(context), kept ? { kept } : {})
      const result = await shown(tx, context, ground, disclosureId)
      await context.audit(tx, action, disclosureId)
      return result
    })
    if (step === 'withdraw') await ground.packages.forget(context.hotlineId, disclosureId)
    ground.changed(context.hotlineId)
    return after
  }
  serve(app, decideDisclosure, (context, { params, body }) => {
    const action = body.decision === 'approve' ? 'disclosure.approved' : 'disclosure.refused'
    return moved(context, params.disclosureId, body.decision, action, body.words)
  })
  serve(app, withdrawDisclosure, (context, { params, body }) =>
    moved(context, params.disclosureId, 'withdraw', 'disclosure.withdrawn', body.words),
  )
  serve(app, handOver, (context, { params, body }) =>
    moved(context, params.disclosureId, 'hand-over', 'disclosure.handedOver', body.words),
  )
}

function packageRoutes(app: FastifyInstance, ground: Ground): void {
  const { packages, changed } = ground
  serve(app, makePackage, async (context, { params }) => {
    const { disclosureId } = params
    const making = packages
      .make(doerOf(context, ground), disclosureId)
      .finally(() => changed(context.hotlineId))
    const waited = await Promise.race([making, setTimeout(patienceMs, 'longer' as const, { ref: false })])
    if (waited === 'longer') making.catch(ground.failed)
    return context.tx((tx) => shown(tx, context, ground, disclosureId))
  })
  serve(app, enterReceipt, async (context, { params, body }) => {
    const after = await context.tx(async (tx) => {
      await receive(tx, params.disclosureId, body.receipt, byOf(context))
      const result = await shown(tx, context, ground, params.disclosureId)
      await context.audit(tx, 'disclosure.received', params.disclosureId)
      return result
    })
    await packages.forget(context.hotlineId, params.disclosureId)
    changed(context.hotlineId)
    return after
  })
  const file = {
    path: '/api/v1/disclosures/:disclosureId/package',
    needs: 'disclosure.ask',
    fresh: true,
    summary: 'The package itself: a file in the age format that only its receiver opens',
    params: z.object({ disclosureId: id }),
  } as const
  serveFile(app, file, async (context, { disclosureId }) => {
    const number = await context.tx(async (tx) => {
      const found = await noteDownload(tx, disclosureId, byOf(context))
      if (!packages.isKept(context.hotlineId, disclosureId)) throw new Problem('disclosure.notFound')
      await context.audit(tx, 'disclosure.downloaded', disclosureId)
      return found
    })
    const path = packages.pathOf(context.hotlineId, disclosureId)
    await context.reply
      .type('application/octet-stream')
      .header('content-length', (await stat(path)).size)
      .header('content-disposition', `attachment; filename="disclosure-${number}.age"`)
      .header('cache-control', 'no-store')
      .send(createReadStream(path))
  })
}
