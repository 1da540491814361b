/** Joining a call at one's own seat: the command, and the reason that goes on the record with it. */
import { useMutation } from '@tanstack/react-query'
import { superviseCall, superviseReasons } from '../../api/supervise.ts'
import { superviseModes, type SuperviseMode } from '../../domain/call-state.ts'
import { request } from './request.ts'

export { superviseModes, superviseReasons }

/** A reason of the list, or typed words. */
export type Reason = (typeof superviseReasons)[number] | 'other'

const kept = 'hearthline.supervise.reason'

/** The reason this browser gave last: a supervisor who checks quality does so for a while. */
export const readReason = (): Reason => {
  const found = localStorage.getItem(kept)
  return superviseReasons.find((reason) => reason === found) ?? 'quality'
}

/** Keeps a reason of the list for the next call. */
export const keepReason = (reason: Reason): void => localStorage.setItem(kept, reason)

/** How somebody wants to be at a call. */
export type Wish = { mode: SuperviseMode; reason?: string } | { mode: 'off' }

/** Joins, changes the way, or leaves. */
export const useSupervise = (contactId: string) =>
  useMutation({
    mutationFn: (wish: Wish) => request(superviseCall, { params: { contactId }, body: wish }),
  })
