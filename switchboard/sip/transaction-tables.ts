// The four transactions of RFC 3261 §17 (with RFC 6026), as tables: (state, event) -> [state, actions].
// Nothing here has a clock or a socket; transactions.ts carries the actions out.

/** What a transaction may want done. `start X` begins timer X anew; `stop X` ends it. */
export type TransactionAction =
  | 'send' // the request (client) or the newest response (server)
  | 'ack' // ACK for a refusal (client INVITE)
  | 'tell' // the message goes to whoever owns the transaction
  | 'tell timeout'
  | 'tell failure'
  | `start ${TimerName}`
  | `stop ${TimerName}`

/** Timers by their names in RFC 3261 §17 and RFC 6026. */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M'

export type ClientState = 'calling' | 'trying' | 'proceeding' | 'completed' | 'accepted' | 'terminated'
export type ServerState = 'trying' | 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated'
export type TimerEvent = `timer ${TimerName}`

/** `begin` sends the request; statuses are those received. */
export type ClientEvent = 'begin' | 'provisional' | 'success' | 'refusal' | 'error' | TimerEvent

/** `request` is a retransmission; statuses are those the owner sends. */
export type ServerEvent = 'request' | 'ack' | 'provisional' | 'success' | 'refusal' | 'error' | TimerEvent

/** A table. An event with no entry is ignored in that state. */
export type TransactionTable<State extends string, Event extends string> = {
  readonly [S in State]?: { readonly [E in Event]?: readonly [State, readonly TransactionAction[]] }
}

/** INVITE, client (RFC 3261 figure 5, RFC 6026 §8.4). */
export const inviteClient: TransactionTable<ClientState, ClientEvent> = {
  calling: {
    begin: ['calling', ['send', 'start A', 'start B']],
    'timer A': ['calling', ['send', 'start A']],
    'timer B': ['terminated', ['tell timeout']],
    provisional: ['proceeding', ['stop A', 'stop B', 'tell']],
    success: ['accepted', ['stop A', 'stop B', 'start M', 'tell']],
    refusal: ['completed', ['stop A', 'stop B', 'ack', 'start D', 'tell']],
    error: ['terminated', ['tell failure']],
  },
  proceeding: {
    provisional: ['proceeding', ['tell']],
    success: ['accepted', ['start M', 'tell']],
    refusal: ['completed', ['ack', 'start D', 'tell']],
    error: ['terminated', ['tell failure']],
  },
  completed: {
    refusal: ['completed', ['ack']],
    'timer D': ['terminated', []],
    error: ['terminated', []],
  },
  accepted: {
    success: ['accepted', ['tell']],
    'timer M': ['terminated', []],
    error: ['terminated', []],
  },
}

/** Any other request, client (RFC 3261 figure 6). */
export const otherClient: TransactionTable<ClientState, ClientEvent> = {
  trying: {
    begin: ['trying', ['send', 'start E', 'start F']],
    'timer E': ['trying', ['send', 'start E']],
    'timer F': ['terminated', ['tell timeout']],
    provisional: ['proceeding', ['tell']],
    success: ['completed', ['stop E', 'stop F', 'start K', 'tell']],
    refusal: ['completed', ['stop E', 'stop F', 'start K', 'tell']],
    error: ['terminated', ['tell failure']],
  },
  proceeding: {
    'timer E': ['proceeding', ['send', 'start E']],
    'timer F': ['terminated', ['tell timeout']],
    provisional: ['proceeding', ['tell']],
    success: ['completed', ['stop E', 'stop F', 'start K', 'tell']],
    refusal: ['completed', ['stop E', 'stop F', 'start K', 'tell']],
    error: ['terminated', ['tell failure']],
  },
  completed: {
    'timer K': ['terminated', []],
    error: ['terminated', []],
  },
}

/** INVITE, server (RFC 3261 figure 7, RFC 6026 §8.5). The owner repeats its 2xx itself. */
export const inviteServer: TransactionTable<ServerState, ServerEvent> = {
  proceeding: {
    request: ['proceeding', ['send']],
    provisional: ['proceeding', ['send']],
    success: ['accepted', ['send', 'start L']],
    refusal: ['completed', ['send', 'start G', 'start H']],
    error: ['terminated', ['tell failure']],
  },
  completed: {
    request: ['completed', ['send']],
    'timer G': ['completed', ['send', 'start G']],
    ack: ['confirmed', ['stop G', 'stop H', 'start I']],
    'timer H': ['terminated', ['tell timeout']],
    error: ['terminated', ['tell failure']],
  },
  confirmed: {
    'timer I': ['terminated', []],
    error: ['terminated', []],
  },
  accepted: {
    success: ['accepted', ['send']],
    ack: ['accepted', ['tell']],
    'timer L': ['terminated', []],
    error: ['terminated', ['tell failure']],
  },
}

/** Any other request, server (RFC 3261 figure 8). */
export const otherServer: TransactionTable<ServerState, ServerEvent> = {
  trying: {
    provisional: ['proceeding', ['send']],
    success: ['completed', ['send', 'start J']],
    refusal: ['completed', ['send', 'start J']],
    error: ['terminated', ['tell failure']],
  },
  proceeding: {
    request: ['proceeding', ['send']],
    provisional: ['proceeding', ['send']],
    success: ['completed', ['send', 'start J']],
    refusal: ['completed', ['send', 'start J']],
    error: ['terminated', ['tell failure']],
  },
  completed: {
    request: ['completed', ['send']],
    'timer J': ['terminated', []],
    error: ['terminated', ['tell failure']],
  },
}

/** Round-trip estimate, its ceiling, and how long the network may keep a message (RFC 3261 §17.1.1.1), ms. */
export const T1 = 500
export const T2 = 4000
const T4 = 5000

/**
 * How long a timer runs: `round` counts its earlier runs. Null: not used on this transport; 0: at once. `proceeding`
 * matters for E only (RFC 3261 appendix A).
 */
export function timerLength(
  timer: TimerName,
  reliable: boolean,
  round: number,
  proceeding: boolean,
): number | null {
  switch (timer) {
    case 'A':
      return reliable ? null : T1 * 2 ** round
    case 'E':
      return reliable ? null : proceeding ? T2 : Math.min(T1 * 2 ** round, T2)
    case 'G':
      return reliable ? null : Math.min(T1 * 2 ** round, T2)
    case 'D':
      return reliable ? 0 : 64 * T1
    case 'I':
    case 'K':
      return reliable ? 0 : T4
    case 'J':
      return reliable ? 0 : 64 * T1
    default:
      return 64 * T1
  }
}
