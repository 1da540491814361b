/** The filters of the list of tasks as they stand in the address, so that a view can be shared. */
import { z } from 'zod'
import { taskKinds } from '../../api/tasks.ts'

/** Filters in the address; what cannot be read is left out. */
export const taskFilters = z.object({
  open: z.literal('no').optional().catch(undefined),
  kind: z.enum(taskKinds).optional().catch(undefined),
  whose: z.enum(['mine', 'nobody']).optional().catch(undefined),
  overdue: z.literal('yes').optional().catch(undefined),
  order: z.enum(['oldest', 'newest']).optional().catch(undefined),
  text: z.string().max(40).optional().catch(undefined),
  after: z.string().max(80).optional().catch(undefined),
})

/** Filters of the list of tasks. */
export type TaskFilters = z.infer<typeof taskFilters>

/** Whether anything narrows the list. */
export const isCut = ({ kind, whose, overdue, text }: TaskFilters): boolean =>
  [kind, whose, overdue, text].some((value) => value !== undefined)
