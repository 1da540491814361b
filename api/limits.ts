/** What guards the hotline's calls: how many go out in an hour, and from where on the board's lights of sound turn. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** Calls to the outside in an hour (toll fraud): by one person, and by the whole hotline. */
const outbound = z.strictObject({
  perPerson: z.number().int().min(0).max(1000),
  perHotline: z.number().int().min(0).max(100_000),
})

/** G24-3.2.2b: the opinion by ITU-T G.107 below which, and the share of lost packets from which on, a light turns. */
const lights = z.strictObject({
  voice: z
    .strictObject({ amber: z.number().min(1).max(4.5), red: z.number().min(1).max(4.5) })
    .refine(({ amber, red }) => amber >= red),
  loss: z
    .strictObject({ amber: z.number().min(0).max(1), red: z.number().min(0).max(1) })
    .refine(({ amber, red }) => amber <= red),
})

const limits = z.strictObject({ outbound, lights })
const limitsNow = limits.extend({
  /** Calls out of the last hour: of the whole hotline, and of the person who made most. */
  lastHour: z.object({ byHotline: z.number().int(), byPerson: z.number().int() }),
})

/** Reads the limits, and how far calls out of the last hour came. */
export const readLimits = endpoint({
  method: 'GET',
  path: '/api/v1/hotline/limits',
  needs: 'hotline.change',
  summary: 'Limits of calls out, thresholds of sound',
  reply: limitsNow,
})

/** Changes the limits and thresholds. */
export const changeLimits = endpoint({
  method: 'PUT',
  path: '/api/v1/hotline/limits',
  needs: 'hotline.change',
  summary: 'Change limits and thresholds',
  fresh: true,
  body: limits,
  reply: limitsNow,
})
