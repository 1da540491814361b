/* How reports escalate and who is on call: the hotline's settings, the people's phones. */
import { sql } from 'kysely'
import type { z } from 'zod'
import { escalation as escalationShape, type changeOnCall, type readEscalation } from '../../api/crisis.ts'
import { defaultEscalation, type Escalation } from '../../domain/escalation.ts'
import { Problem } from '../../domain/problem.ts'
import { jsonb, type Tx } from '../db/database.ts'

/** How reports of the transaction's hotline escalate. */
export async function escalationOf(tx: Tx): Promise<Escalation> {
  const { rows } = await sql<{ escalation: unknown }>`
    select settings -> 'escalation' as escalation from hotline where hotline_id = current_hotline()`.execute(
    tx,
  )
  return escalationShape.catch(defaultEscalation).parse(rows[0]?.escalation)
}

/** The settings with everybody who can be on call; of a phone only its end. */
export async function settingsOf(
  tx: Tx,
  open: (sealed: Buffer) => string,
): Promise<z.input<(typeof readEscalation)['reply']>> {
  const { rows } = await sql<{
    person_id: string
    display_name: string
    on_call: boolean
    phone_sealed: Buffer | null
  }>`
    select person_id, display_name, on_call, phone_sealed from person
    where hotline_id = current_hotline() and disabled_at is null
      and roles && array['supervisor', 'administrator']::text[]
    order by display_name, person_id limit 500`.execute(tx)
  return {
    escalation: await escalationOf(tx),
    onCall: rows.map((row) => ({
      personId: row.person_id,
      name: row.display_name,
      onCall: row.on_call,
      phone: row.phone_sealed ? `••••${open(row.phone_sealed).slice(-4)}` : null,
    })),
  }
}

/** Changes how reports escalate; all must come after next. */
export async function saveEscalation(tx: Tx, given: Escalation): Promise<void> {
  if (given.allMs <= given.nextMs) throw new Problem('request.malformed', { fields: ['allMs'] })
  await sql`
    update hotline set settings = settings || ${jsonb({ escalation: given })}
    where hotline_id = current_hotline()`.execute(tx)
}

/** Puts a supervisor or administrator on call or not; `request.malformed` for on call without any phone. */
export async function saveOnCall(
  tx: Tx,
  personId: string,
  given: z.output<(typeof changeOnCall)['body']>,
  seal: (phone: string) => Buffer,
): Promise<void> {
  const sealed = given.phone === undefined ? null : seal(given.phone)
  const { rows } = await sql<{ has_phone: boolean }>`
    update person set on_call = ${given.onCall}, phone_sealed = coalesce(${sealed}, phone_sealed)
    where person_id = ${personId} and disabled_at is null and roles && array['supervisor', 'administrator']::text[]
    returning phone_sealed is not null as has_phone`.execute(tx)
  const [row] = rows
  if (!row) throw new Problem('person.notFound')
  if (given.onCall && !row.has_phone) throw new Problem('request.malformed', { fields: ['phone'] })
}
