/** The desk's state on this window: duty and call as the server says, and whether the seat is here or in another window. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { commandCall, renewSoftphone, type CallCommand, type Desk } from '../../api/desk.ts'
import { onLive } from '../ui/live.ts'
import { Refusal, request } from '../ui/request.ts'
import { forgetForms } from './forms.ts'
import { softphone, type Account, type PhoneView } from './softphone.ts'

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

/** Requests under way that make a new account: meanwhile `taken-over` is our own doing. */
let asking = 0

onLive((event) => {
  if (event.type === 'session-ended') softphone.stop()
  if (event.type !== 'taken-over' || asking > 0) return
  softphone.letGo()
  forgetForms()
  setPlace('taken-over')
})

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  asking += 1
  try {
    return await ask()
  } finally {
    // The event may come a little after the answer when another server process sends it.
    setTimeout(() => (asking -= 1), 1000)
  }
}

const isTaken = (failure: unknown): boolean => failure instanceof Refusal && failure.code === 'duty.seatTaken'

/** How often a refused telephone tries again before it believes that another window has the seat. */
const patience = 4
let refusals = 0

async function fresh(registered: boolean): Promise<Account> {
  try {
    const account = await asked(() => request(renewSoftphone, { body: { takeOver: registered } }))
    refusals = 0
    return account
  } catch (failure) {
    if (isTaken(failure) && ++refusals >= patience) {
      softphone.stop()
      setPlace('elsewhere')
    }
    throw failure
  }
}

async function startPhone(account: Account): Promise<void> {
  refusals = 0
  setPlace('here')
  await softphone.start(account, fresh)
}

/** Goes on duty by `go` and starts the telephone with the account that comes with it. */
export async function beginDuty(
  go: () => Promise<{ desk: Desk; softphone: Account | null }>,
): Promise<{ desk: Desk; softphone: Account | null }> {
  // The pushed desk may arrive before this answer: it must not make a second account.
  connecting = true
  try {
    const begun = await asked(go)
    if (begun.softphone) await startPhone(begun.softphone)
    return begun
  } finally {
    connecting = false
  }
}

let connecting = false

/** Brings the telephone back after a reload, or takes the seat over from another window. */
export async function connectPhone(takeOver: boolean): Promise<void> {
  if (connecting || softphone.running) return
  connecting = true
  try {
    await startPhone(await asked(() => accountFor(takeOver)))
  } catch (failure) {
    if (isTaken(failure)) setPlace('elsewhere')
    else if (failure instanceof Refusal && failure.code === 'network')
      setTimeout(() => void connectPhone(false), 2000)
  } finally {
    connecting = false
  }
}

/** After a reload the old window's sockets may need a moment to be seen closed. */
const reloadWaits = [250, 500, 1000, 1500]

async function accountFor(takeOver: boolean): Promise<Account> {
  const ask = (): Promise<Account> => request(renewSoftphone, { body: { takeOver } })
  for (const wait of reloadWaits) {
    try {
      return await ask()
    } catch (failure) {
      if (!isTaken(failure)) throw failure
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
  return ask()
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
