import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import {
  changeHotline as changeHotlineAt,
  changeLine as changeLineAt,
  closeLine as closeLineAt,
  listLines as listLinesAt,
  listPrompts as listPromptsAt,
  openLine as openLineAt,
  readHotline as readHotlineAt,
  replacePrompt as replacePromptAt,
} from '../../api/administration.ts'
import { changeLimits as changeLimitsAt, readLimits as readLimitsAt } from '../../api/limits.ts'
import { setUp as setUpAt, setUpState } from '../../api/session.ts'
import type { LiveEvent } from '../../api/events.ts'
import type { Permission } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { beforeChange } from '../db/fingerprint.ts'
import type { Live } from '../http/live.ts'
import { type Context, serve, serveFile, servePublic } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import { deviceRoutes } from './device-routes.ts'
import type { Devices } from './devices.ts'
import { changeLimits, type Outgoing, readLimits } from './limits.ts'
import { changeHotline, changeLine, closeLine, listLines, openLine, readHotline } from './lines.ts'
import { listPrompts, promptSound, replacePrompt } from './prompts.ts'
import { setUp, setUpNeeded } from './set-up.ts'

/** What the routes of lines are given. */
export interface LinesDeps {
  keys: Keys
  dataFolder: string
  live: Pick<Live, 'publish'>
  devices: Devices
  outgoing: Outgoing
  /** Told when lines, seats or the hotline itself have changed or come into being. */
  changed: (hotlineId: string) => void
}

type What = Extract<LiveEvent, { type: 'changed' }>['what']

/** Serves hotline, lines, seats, prompts, trunks and the set-up. */
export function linesRoutes(app: FastifyInstance, deps: LinesDeps): void {
  const changed = (hotlineId: string, what: What, right: Permission = 'session.own'): void => {
    deps.changed(hotlineId)
    deps.live.publish(hotlineId, { right }, { type: 'changed', what })
  }
  setUpRoutes(app, deps)
  lineRoutes(app, changed)
  limitRoutes(app, deps, changed)
  promptRoutes(app, deps, changed)
  deviceRoutes(app, deps, changed)
}

function setUpRoutes(app: FastifyInstance, deps: LinesDeps): void {
  const { db, now } = app.ground
  servePublic(app, setUpState, async () => ({ needed: await setUpNeeded(db) }))
  servePublic(
    app,
    setUpAt,
    async (_context, { body }) => {
      const { token, ...wanted } = body
      const { keys, dataFolder } = deps
      deps.changed(await setUp({ db, keys, dataFolder, now }, token, wanted))
      return { done: true } as const
    },
    { perMinute: 10 },
  )
}

type Changed = (hotlineId: string, what: What, right?: Permission) => void

function lineRoutes(app: FastifyInstance, changed: Changed): void {
  serve(app, readHotlineAt, (context) => context.tx(readHotline))
  serve(app, changeHotlineAt, async (context, { body }) => {
    const result = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'hotline', context.hotlineId)
      const changedTo = await changeHotline(tx, body)
      const data = { ...body, name: undefined, ...(await hashes()) }
      await context.audit(tx, 'hotline.changed', context.hotlineId, null, data)
      return changedTo
    })
    changed(context.hotlineId, 'hotline')
    return result
  })
  serve(app, listLinesAt, (context, { query }) => context.tx((tx) => listLines(tx, query)))
  serve(app, openLineAt, async (context, { body }) => {
    const by = { personId: context.person.personId, now: context.now() }
    const line = await context.tx(async (tx) => {
      const opened = await openLine(tx, context.hotlineId, body, by)
      await context.audit(tx, 'line.opened', opened.lineId, null, {
        kind: opened.kind,
        people: opened.people,
      })
      return opened
    })
    changed(context.hotlineId, 'lines')
    return line
  })
  serve(app, changeLineAt, async (context, { params, body }) => {
    const line = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'line', params.lineId)
      const changedTo = await changeLine(tx, params.lineId, body)
      const data = { kind: body.kind, hours: body.hours, ...(await hashes()) }
      await context.audit(tx, 'line.changed', params.lineId, null, data)
      return changedTo
    })
    changed(context.hotlineId, 'lines')
    return line
  })
  serve(app, closeLineAt, async (context, { params }) => {
    const by = { personId: context.person.personId, now: context.now() }
    const line = await context.tx(async (tx) => {
      const closed = await closeLine(tx, params.lineId, by)
      await context.audit(tx, 'line.closed', params.lineId)
      return closed
    })
    changed(context.hotlineId, 'lines')
    return line
  })
}

function limitRoutes(app: FastifyInstance, { outgoing }: LinesDeps, changed: Changed): void {
  const limitsNow = (tx: Tx, context: Context): ReturnType<typeof readLimits> =>
    readLimits(tx, outgoing, context.hotlineId, context.now())
  serve(app, readLimitsAt, (context) => context.tx((tx) => limitsNow(tx, context)))
  serve(app, changeLimitsAt, async (context, { body }) => {
    const { hotlineId } = context
    const result = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'hotline', hotlineId)
      await changeLimits(tx, body)
      await context.audit(tx, 'limits.changed', hotlineId, null, { ...body, ...(await hashes()) })
      return limitsNow(tx, context)
    })
    changed(hotlineId, 'hotline')
    return result
  })
}

/** Two minutes of 96 kHz stereo in 24 bits are larger; the browser sends less. */
const promptBytes = 21 * 1024 * 1024

const soundParams = z.object({
  key: z.string().max(40),
  language: z.enum(['zh-CN', 'en']),
  part: z.coerce.number().int().min(0).max(9),
  version: z.coerce.number().int().min(1),
})

function promptRoutes(app: FastifyInstance, { dataFolder }: LinesDeps, changed: Changed): void {
  serve(app, listPromptsAt, (context, { query }) => context.tx((tx) => listPrompts(tx, dataFolder, query)))
  serve(
    app,
    replacePromptAt,
    async (context, { params, body }) => {
      const wav = Buffer.from(body.wavBase64, 'base64')
      if (wav.length === 0) throw new Problem('prompt.notAudio')
      const { personId } = context.person
      const given = { ...params, words: body.words, wav, personId, now: context.now() }
      const prompt = await context.tx(async (tx) => {
        const replaced = await replacePrompt(tx, dataFolder, context.hotlineId, given)
        const subject = `${replaced.key}/${replaced.language}/${replaced.part}`
        await context.audit(tx, 'prompt.replaced', subject, null, { version: replaced.version })
        return replaced
      })
      changed(context.hotlineId, 'prompts', 'prompt.change')
      return prompt
    },
    { bodyBytes: promptBytes },
  )
  const sound = {
    path: '/api/v1/prompts/:key/:language/:part/:version/sound',
    needs: 'prompt.change',
    summary: 'The sound of a prompt',
    params: soundParams,
  } as const
  serveFile(app, sound, async (context, params) => {
    const wav = await context.tx((tx) => promptSound(tx, dataFolder, params))
    context.reply.type('audio/wav').header('cache-control', 'private, max-age=3600').send(wav)
  })
}
