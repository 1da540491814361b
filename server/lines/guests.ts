/* Telephone accounts for calls from the public page: one for each call, slowed down for a flood, refused to no caller. */
import { randomBytes } from 'node:crypto'
import { Problem } from '../../domain/problem.ts'
import type { SeatSpec } from '../../telephony/switchboard.ts'

/** An account, good for one call. */
export interface Account {
  sipUser: string
  sipPassword: string
}

/** Where accounts are made known. */
export interface GuestDevices {
  putSeat: (spec: SeatSpec) => Promise<void>
  dropSeat: (sipUser: string) => Promise<void>
}

/** How long an account opens a call. */
export const goodForMs = 120_000
/** How long its name stays known: no call that was made with it is still up then. */
const knownForMs = 6 * 3_600_000
/** Accounts that open calls at one moment. */
const mostOpen = 500
/** Calls of one address at once (a school, a whole mobile network), and how far apart the next ones are. */
const burst = 20
const spacingMs = 1000
/** Who would wait longer than this stands in a flood. */
const longestWaitMs = 20_000

/**
 * How long a call of this address waits for its turn, in ms; null in a flood. Many callers share one address, so nobody is
 * refused because others called: they only come one after the other.
 */
export function startPace(now: () => number = Date.now): (address: string) => number | null {
  const turns = new Map<string, number>()
  return (address) => {
    const at = now()
    if (turns.size > 10_000) for (const [old, turn] of turns) if (turn <= at) turns.delete(old)
    const turn = Math.max(turns.get(address) ?? 0, at)
    const wait = Math.max(0, turn - (burst - 1) * spacingMs - at)
    if (wait > longestWaitMs) return null
    turns.set(address, turn + spacingMs)
    return wait
  }
}

const password = (): string => randomBytes(18).toString('base64url')

/** Makes the giver of accounts. */
export function startGuests(devices: GuestDevices): (address: string) => Promise<Account> {
  const pace = startPace()
  const open = new Map<string, string>()
  const put = (sipUser: string, secret: string): Promise<void> =>
    devices.putSeat({ seat: sipUser, kind: 'browser', role: 'web', secret: { password: secret } })
  // The account stays known after its time, because the call made with it is still spoken of by its name; but with a
  // password nobody has, so no other call can be made.
  const close = (sipUser: string): void => {
    if (open.delete(sipUser)) put(sipUser, password()).catch(() => undefined)
  }
  return async (address) => {
    const wait = pace(address)
    if (wait === null) throw new Problem('request.tooMany')
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    if (open.size >= mostOpen) close(oldestOfBusiest(open))
    const account = { sipUser: `web-${randomBytes(6).toString('hex')}`, sipPassword: password() }
    await put(account.sipUser, account.sipPassword)
    open.set(account.sipUser, address)
    setTimeout(() => close(account.sipUser), goodForMs).unref()
    setTimeout(() => void devices.dropSeat(account.sipUser).catch(() => undefined), knownForMs).unref()
    return account
  }
}

/** Whose account gives way: a page dials a moment after it asked, so the oldest of the address with most is nobody's. */
function oldestOfBusiest(open: ReadonlyMap<string, string>): string {
  const counts = new Map<string, number>()
  for (const address of open.values()) counts.set(address, (counts.get(address) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return [...open].find(([, address]) => counts.get(address) === most)?.[0] ?? ''
}
