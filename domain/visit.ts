/**
 * Who saw a contact, visit by visit (G24-6.2.2a): what one person did without a longer pause is one visit, so that a
 * counsellor's own reading and saving does not hide a stranger's one look.
 */

/** One entry that names a person and a contact: of the audit chain, or of the contact's own. */
export interface Access {
  at: number
  personId: string
  /** A catalogued action, `contact.read`. */
  action: string
  /** Whether something of the contact was changed; otherwise it was read. */
  wrote: boolean
  /** What the person said or their role implies it was for; null when it was not noted. */
  purpose: string | null
}

/** What a person did with a contact without a longer pause. */
export interface Visit {
  personId: string
  from: number
  to: number
  purposes: string[]
  /** Each action once, in the order of its first time. */
  actions: { action: string; wrote: boolean; times: number }[]
}

/** A pause longer than this ends a visit. */
export const visitPauseMs = 30 * 60_000

/** Groups accesses, given in any order, into visits, the latest beginning first. */
export function visitsOf(accesses: readonly Access[], pauseMs: number = visitPauseMs): Visit[] {
  const visits: Visit[] = []
  const openOf = new Map<string, Visit>()
  for (const access of accesses.toSorted((a, b) => a.at - b.at)) {
    const open = openOf.get(access.personId)
    if (open && access.at - open.to <= pauseMs) add(open, access)
    else {
      const visit = { personId: access.personId, from: access.at, to: access.at, purposes: [], actions: [] }
      add(visit, access)
      openOf.set(access.personId, visit)
      visits.push(visit)
    }
  }
  return visits.toReversed()
}

function add(visit: Visit, { at, action, wrote, purpose }: Access): void {
  visit.to = at
  if (purpose !== null && !visit.purposes.includes(purpose)) visit.purposes.push(purpose)
  const known = visit.actions.find((one) => one.action === action)
  if (known) known.times += 1
  else visit.actions.push({ action, wrote, times: 1 })
}

/** Whether an action only reads; everything else changes something. */
export const isReading = (action: string): boolean =>
  /\.(read|heard|searched|listed|seen|exported|downloaded|broken)$/.test(action)
