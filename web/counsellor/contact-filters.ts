/** The filters of the list of contacts as they stand in the address, so that a view can be shared. */
import { z } from 'zod'
import { contactClasses } from '../../domain/form.ts'
import { channels, consents, contactStates, outcomes, risks } from '../../api/desk.ts'
import { instantOf } from '../ui/time.ts'

const day = z.iso.date()

/** Filters in the address; what cannot be read is left out. */
export const contactFilters = z.object({
  text: z.string().max(60).optional().catch(undefined),
  suffix: z
    .string()
    .regex(/^\d{4}$/)
    .optional()
    .catch(undefined),
  lineId: z.uuid().optional().catch(undefined),
  state: z.enum(contactStates).optional().catch(undefined),
  outcome: z.enum(outcomes).optional().catch(undefined),
  risk: z.enum(risks).optional().catch(undefined),
  class: z.enum(contactClasses).optional().catch(undefined),
  consent: z.enum(consents).optional().catch(undefined),
  channel: z.enum(channels).optional().catch(undefined),
  mine: z.literal('true').optional().catch(undefined),
  unfinished: z.literal('true').optional().catch(undefined),
  from: day.optional().catch(undefined),
  to: day.optional().catch(undefined),
  sort: z.literal('oldest').optional().catch(undefined),
  after: z.string().max(40).optional().catch(undefined),
})

/** Filters of the list of contacts. */
export type ContactFilters = z.infer<typeof contactFilters>

/** Whether anything narrows the list. */
export const isNarrowed = ({ after: _after, sort: _sort, ...rest }: ContactFilters): boolean =>
  Object.values(rest).some((value) => value !== undefined)

const dayLength = 86_400_000

/** The filters as the contract's query; days are whole days of the hotline's zone, the last one included. */
export function queryOf(filters: ContactFilters, zone: string) {
  const { mine, unfinished, from, to, ...rest } = filters
  const start = (text: string): number => instantOf(text, '00:00', zone)
  const lastDay =
    to === undefined ? null : new Date(Date.parse(`${to}T12:00:00Z`) + dayLength).toISOString().slice(0, 10)
  const wanted = {
    ...rest,
    mine: mine === 'true' ? true : undefined,
    unfinished: unfinished === 'true' ? true : undefined,
    from: from === undefined ? undefined : new Date(start(from)).toISOString(),
    to: lastDay === null ? undefined : new Date(start(lastDay)).toISOString(),
    limit: 50,
  }
  return wanted
}
