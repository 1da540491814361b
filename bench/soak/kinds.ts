/** What becomes of a call. A caller dials the number of its kind, and the house does its part by it. */
export type Kind =
  'plain' | 'held' | 'pressed' | 'recorded' | 'moved' | 'put down' | 'vanished' | 'cancelled' | 'given up'

interface Sort {
  number: string
  /** Parts of a hundred calls. */
  share: number
  /** Whom the house dials for it. */
  partner: string
}

/** Far ends to dial: one says back what it hears, one puts down, one rings for ever, one is silent; others count. */
export const farEnds = { echo: '2000', leaving: '2001', ringing: '2002', silent: '2003' } as const

/** Every kind with its number, its share, and whom the house dials for it. */
export const kinds: Readonly<Record<Kind, Sort>> = {
  plain: { number: '1001', share: 25, partner: farEnds.echo },
  held: { number: '1002', share: 12, partner: farEnds.echo },
  pressed: { number: '1003', share: 12, partner: farEnds.echo },
  recorded: { number: '1004', share: 16, partner: farEnds.echo },
  moved: { number: '1005', share: 12, partner: farEnds.echo },
  'put down': { number: '1006', share: 8, partner: farEnds.leaving },
  vanished: { number: '1007', share: 5, partner: farEnds.echo },
  cancelled: { number: '1008', share: 5, partner: farEnds.echo },
  'given up': { number: '1009', share: 5, partner: farEnds.ringing },
}

const all = Object.keys(kinds).filter((name): name is Kind => name in kinds)

/** The kind that a number from 0 to 1 falls on, by the shares. */
export function kindAt(random: number): Kind {
  let left = random * 100
  for (const kind of all) if ((left -= kinds[kind].share) < 0) return kind
  return 'plain'
}

/** The kind of a number dialled, or null. */
export const kindOf = (number: string): Kind | null =>
  all.find((kind) => kinds[kind].number === number) ?? null

/** Between which lengths calls last, and how long somebody lets it ring, in milliseconds. */
export interface Lengths {
  shortest: number
  longest: number
  ringing: number
}
