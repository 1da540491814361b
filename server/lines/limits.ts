/* How many calls may go out in an hour, and from where on the board's lights of sound turn: among the hotline's settings. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { changeLimits as changeLimitsAt } from '../../api/limits.ts'
import { lightsOf } from '../../domain/light.ts'
import { outboundLimitsOf } from '../../domain/outbound.ts'
import { jsonb, type Tx } from '../db/database.ts'

type Limits = z.output<(typeof changeLimitsAt)['body']>

/** Counts the calls out of the last hour: of the whole hotline and of who made most; with the hotline's settings. */
export type Outgoing = (
  tx: Tx,
  hotlineId: string,
  now: Date,
) => Promise<{ byHotline: number; byPerson: number; settings: unknown }>

/** The limits in force, with the calls out of the last hour. */
export async function readLimits(
  tx: Tx,
  outgoing: Outgoing,
  hotlineId: string,
  now: Date,
): Promise<z.output<(typeof changeLimitsAt)['reply']>> {
  const { settings, ...lastHour } = await outgoing(tx, hotlineId, now)
  const { voice, loss } = lightsOf(settings)
  return {
    outbound: outboundLimitsOf(settings),
    lights: {
      voice: { amber: voice.amber, red: voice.red },
      loss: { amber: loss.amber, red: loss.red },
    },
    lastHour,
  }
}

/** Writes limits and thresholds; the hotline's other settings, and its other lights, stay. */
export async function changeLimits(tx: Tx, { outbound, lights }: Limits): Promise<void> {
  await sql`update hotline set settings = settings || jsonb_build_object('outbound', ${jsonb(outbound)},
    'lights', (case jsonb_typeof(settings->'lights') when 'object' then settings->'lights' else '{}' end) || ${jsonb(lights)})
    where hotline_id = current_hotline()`.execute(tx)
}
