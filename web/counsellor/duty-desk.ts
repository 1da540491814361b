/** The desk's state on this window: duty and call as the server says, and whether the seat is here or in another window. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { commandCall, readDesk, renewSoftphone, type CallCommand, type Desk } from '../../api/desk.ts'
import { onLive } from '../ui/live.ts'
import { Refusal, request } from '../ui/request.ts'
import { forgetForms } from './forms.ts'
import { softphone, type Account, type PhoneView } from './softphone.ts'

/** The desk; pushed whole by live events. */
export const deskQuery = {
  queryKey: ['desk'],
  queryFn: () => request(readDesk, {}),
  staleTime: Number.POSITIVE_INFINITY,
}

/** The desk as it is now, or undefined while it is read. */
export const useDesk = (): Desk | undefined => useQuery(deskQuery).data

/** The telephone as it is now. */
export const usePhone = (): PhoneView => useSyncExternalStore(softphone.subscribe, softphone.read)

/** Where the seat is: in this window, in another one, or just taken from this one. */
export type SeatPlace = 'here' | 'elsewhere' | 'taken-over'

let place: SeatPlace = 'here'
const watchers = new Set<() => void>()

function setPlace(next: SeatPlace): void {
  place = next
  for (const watcher of watchers) watcher()
}

/** Where the seat is. */
export const useSeatPlace = (): SeatPlace =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => place,
  )

onLive((event) => {
  if (event.type === 'session-ended') softphone.stop()
  if (event.type !== 'taken-over') return
  softphone.stop()
  forgetForms()
  setPlace('taken-over')
})

const fresh = (): Promise<Account> => request(renewSoftphone, { body: {} })

/** The account came with going on duty: the telephone starts here. */
export async function startPhone(account: Account): Promise<void> {
  setPlace('here')
  await softphone.start(account, fresh)
}

let connecting = false

/** Brings the telephone back after a reload, or takes the seat over from another window. */
export async function connectPhone(takeOver: boolean): Promise<void> {
  if (connecting || softphone.running) return
  connecting = true
  try {
    await startPhone(await accountFor(takeOver))
  } catch (failure) {
    if (failure instanceof Refusal && failure.code === 'duty.seatTaken') setPlace('elsewhere')
    else if (failure instanceof Refusal && failure.code === 'network')
      setTimeout(() => void connectPhone(false), 2000)
  } finally {
    connecting = false
  }
}

async function accountFor(takeOver: boolean): Promise<Account> {
  const ask = (): Promise<Account> => request(renewSoftphone, { body: { takeOver } })
  try {
    return await ask()
  } catch (failure) {
    if (!(failure instanceof Refusal) || failure.code !== 'duty.seatTaken') throw failure
    // After a reload the old window's sockets may need a moment to be seen closed.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    return ask()
  }
}

/** Gives commands to the live call; the answer is the desk afterwards. */
export function useCommand(contactId: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (command: CallCommand) => request(commandCall, { params: { contactId }, body: command }),
    onSuccess: (desk) => cache.setQueryData(['desk'], desk),
  })
}

/** A command mutation as components pass it on. */
export type Command = ReturnType<typeof useCommand>
