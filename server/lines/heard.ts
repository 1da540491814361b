/* How the legs of a seat or trunk were heard lately (G24-3.2.2b), for the lists of both. */
import { sql, type RawBuilder } from 'kysely'
import type { z } from 'zod'
import type { seat } from '../../api/administration.ts'

/** Legs of the last hour with the mean of their figures; null when there were none. */
export type Heard = z.infer<typeof seat>['heard']

/** A column with the figures of the rows `v` of the last hour for which the condition holds. */
export const heardWhere = (condition: RawBuilder<unknown>): RawBuilder<Heard> => sql`
  (select case when count(v.opinion) = 0 then null else json_build_object('legs', count(v.opinion)::int,
      'opinion', round(avg(v.opinion)::numeric, 2)::float8, 'lossPercent', round(avg(v.loss_percent)::numeric, 2)::float8) end
    from voice_quality v where ${condition} and v.measured_at > now() - interval '1 hour')`
