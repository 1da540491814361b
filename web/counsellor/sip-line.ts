/** One line of the seat's telephone: JsSIP, registered at one switchboard over a WebSocket of the web port. */
import type { UA, WebSocketInterface } from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { IncomingRTCSessionEvent } from 'jssip/lib/UA'
import { lineAfter, type LineEvent, type LineState } from './phone-state.ts'

/** Who a line registers as. */
export interface Registrant {
  sipUser: string
  sipPassword: string
  sipDomain: string
}

/** What a line tells the telephone. */
export interface LineOwner {
  /** Its state is another one. */
  changed: () => void
  /** The switchboard did not take the account. */
  refused: (line: SipLine) => void
  /** Somebody calls; `rejoins`: it is a talk that broke off here, to be answered by itself. */
  invited: (line: SipLine, session: RTCSession, rejoins: boolean) => void
}

/** A line; it comes back by itself when its socket breaks, until it is closed. */
export class SipLine {
  readonly #address: string
  readonly #owner: LineOwner
  #state: LineState = 'off'
  #agent: UA | null = null
  #socket: WebSocketInterface | null = null
  #closed = false

  /** `address` is a path of this web address; nothing is opened yet. */
  constructor(address: string, owner: LineOwner) {
    this.#address = address
    this.#owner = owner
  }

  /** How it stands. */
  get state(): LineState {
    return this.#state
  }

  /** Opens it and registers. */
  async open(account: Registrant): Promise<void> {
    this.#go('start')
    const { UA, WebSocketInterface } = await import('jssip')
    if (this.#closed) return
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    this.#socket = new WebSocketInterface(`${scheme}://${location.host}${this.#address}`)
    this.#agent = new UA({
      sockets: [this.#socket],
      uri: `sip:${account.sipUser}@${account.sipDomain}`,
      password: account.sipPassword,
      register: true,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
      user_agent: 'Hearthline desk',
    })
    this.#listen(this.#agent)
    this.#agent.start()
  }

  /** Registers again where it is not registered, with another password when one is given. */
  register(password?: string): void {
    if (password !== undefined) this.#agent?.set('password', password)
    if (this.#agent?.isConnected() && !this.#agent.isRegistered()) this.#agent.register()
  }

  /** Breaks the socket: nothing can be said by it any more. */
  cut(): void {
    this.#socket?.disconnect()
  }

  /** Hangs up and unregisters, for good. */
  close(): void {
    this.#closed = true
    this.#agent?.stop()
    this.#agent = null
    this.#state = 'off'
  }

  #go(event: LineEvent): void {
    this.#state = lineAfter(this.#state, event)
    this.#owner.changed()
  }

  #listen(agent: UA): void {
    const tell = (event: LineEvent): void => {
      if (!this.#closed) this.#go(event)
    }
    agent.on('registered', () => tell('registered'))
    agent.on('disconnected', () => tell('disconnected'))
    agent.on('registrationFailed', () => {
      if (this.#closed) return
      this.#go('refused')
      this.#owner.refused(this)
    })
    agent.on('newRTCSession', (event: IncomingRTCSessionEvent) => {
      if (this.#closed || event.session.direction.valueOf() !== 'incoming') return
      const rejoins = event.request.getHeader('X-Hearthline-Rejoin') === '1'
      this.#owner.invited(this, event.session, rejoins)
    })
  }
}
