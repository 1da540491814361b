/** The seat's telephone in the browser: a line to each switchboard, one talk at a time. */
import type { RTCSession } from 'jssip/lib/RTCSession'
import {
  linesAway,
  linesTogether,
  mayTake,
  talkAfter,
  type LineState,
  type TalkEvent,
  type TalkState,
} from './phone-state.ts'
import { SipLine, type Registrant } from './sip-line.ts'

/** A short-lived SIP account of the seat; `sipAddresses` are paths of this web address, one for each switchboard. */
export interface Account extends Registrant {
  sipAddresses: string[]
  expiresAt: string
}

/** Brings a fresh account; `registered` tells whether the old one still works (it is about to end) or was refused. */
export type Renew = (registered: boolean) => Promise<Account>

/** What the screens show of the telephone. */
export interface PhoneView {
  line: LineState
  /** How many of its switchboards are away while calls come by another. */
  linesAway: number
  talk: TalkState
  muted: boolean
  microphoneFailed: boolean
}

const nothing: PhoneView = { line: 'off', linesAway: 0, talk: 'none', muted: false, microphoneFailed: false }

/** How long before its end an account is renewed. */
const renewBefore = 60_000
const retryAfter = 3000

const sound: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: false,
}

/** One telephone; the app has one ({@link softphone}). */
class Softphone {
  #view = nothing
  readonly #watchers = new Set<() => void>()
  #lines: SipLine[] = []
  #session: RTCSession | null = null
  /** By which the talk came. */
  #talkLine: SipLine | null = null
  /** Who is registered, and where. */
  #registered = ''
  #renew: Renew | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #speaker = new Audio()

  /** For `useSyncExternalStore`. */
  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** What to show now. */
  readonly read = (): PhoneView => this.#view

  /** Whether it has been started and not stopped. */
  get running(): boolean {
    return this.#renew !== null
  }

  /** Registers and stays registered; `renew` brings fresh accounts when one ends or is refused. */
  async start(account: Account, renew: Renew): Promise<void> {
    this.#renew = renew
    await this.#register(account)
  }

  /** Hangs up and unregisters. */
  stop(): void {
    this.#renew = null
    clearTimeout(this.#timer)
    for (const line of this.#lines) line.close()
    this.#lines = []
    this.#registered = ''
    this.#session = null
    this.#talkLine = null
    this.#speaker.srcObject = null
    this.#show({ ...nothing })
  }

  /** Lets go of a seat that is at another window now: a talk is not hung up, the switchboard carries it over there. */
  letGo(): void {
    // Without its socket the line can send no BYE: the caller would be hung up on.
    if (this.#view.talk === 'up' || this.#view.talk === 'answering') this.#talkLine?.cut()
    this.stop()
  }

  /** Answers the invitation that rings; asks for the microphone. */
  answer(): void {
    if (this.#view.talk !== 'ringing' || !this.#session) return
    this.#talk('answer')
    this.#session.answer({ mediaConstraints: sound, pcConfig: { iceServers: [] } })
  }

  /** Ends the talk or refuses the invitation, on the SIP side; the desk's own command comes first where the server is there. */
  hangUp(): void {
    if (this.#session && !this.#session.isEnded()) this.#session.terminate()
  }

  /** Mutes or opens the microphone at once, whatever the server says. */
  mute(on: boolean): void {
    if (on) this.#session?.mute({ audio: true })
    else this.#session?.unmute({ audio: true })
    this.#show({ ...this.#view, muted: on })
  }

  #show(view: PhoneView): void {
    this.#view = view
    for (const watcher of this.#watchers) watcher()
  }

  #lineChanged(): void {
    const states = this.#lines.map(({ state }) => state)
    this.#show({ ...this.#view, line: linesTogether(states), linesAway: linesAway(states) })
  }

  #talk(event: TalkEvent): void {
    const talk = talkAfter(this.#view.talk, event)
    const muted = talk === 'none' ? false : this.#view.muted
    this.#show({ ...this.#view, talk, muted, microphoneFailed: event === 'microphoneFailed' })
  }

  async #register(account: Account): Promise<void> {
    this.#planRenewal(account)
    const registrant = [account.sipUser, ...account.sipAddresses].join(' ')
    if (this.#registered === registrant) {
      for (const line of this.#lines) line.register(account.sipPassword)
      return
    }
    this.#registered = registrant
    for (const line of this.#lines) line.close()
    this.#lines = account.sipAddresses.map(
      (address) =>
        new SipLine(address, {
          changed: () => this.#lineChanged(),
          refused: (line) => this.#refused(line),
          invited: (line, session, rejoins) => this.#invited(line, session, rejoins),
        }),
    )
    await Promise.all(this.#lines.map((line) => line.open(account)))
  }

  /** One switchboard alone may not have heard of the seat yet; when none takes the account it needs another. */
  #refused(line: SipLine): void {
    if (this.#view.line === 'ready') {
      setTimeout(() => line.register(), retryAfter)
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#renewNow(), retryAfter)
  }

  #invited(line: SipLine, session: RTCSession, rejoins: boolean): void {
    // Nobody is rung in a talk: it died with its switchboard, and the browser has not noticed yet.
    const dead = this.#session
    if (dead && line !== this.#talkLine && this.#talkLine?.state === 'lost') {
      this.#over(dead)
      dead.terminate()
    }
    if (!rejoins && !mayTake(this.#view.talk)) {
      session.terminate({ status_code: 486 })
      return
    }
    const broken = this.#session
    this.#session = session
    this.#talkLine = line
    if (broken && !broken.isEnded()) broken.terminate()
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', ({ track, streams }) =>
        this.#hear(streams[0] ?? new MediaStream([track])),
      )
    })
    session.on('confirmed', () => {
      // Who was muted before the line broke stays muted.
      if (this.#view.muted) session.mute({ audio: true })
      this.#talk('confirmed')
    })
    session.on('getusermediafailed', () => this.#talk('microphoneFailed'))
    session.on('ended', () => this.#over(session))
    session.on('failed', () => this.#over(session))
    this.#talk(rejoins ? 'rejoin' : 'invite')
    if (rejoins) session.answer({ mediaConstraints: sound, pcConfig: { iceServers: [] } })
  }

  #hear(stream: MediaStream): void {
    this.#speaker.srcObject = stream
    // Refused only without an open microphone, and a talk always has one.
    void this.#speaker.play().catch(() => undefined)
  }

  #over(session: RTCSession): void {
    if (this.#session !== session) return
    this.#session = null
    this.#speaker.srcObject = null
    const { microphoneFailed } = this.#view
    this.#talk('ended')
    if (microphoneFailed) this.#show({ ...this.#view, microphoneFailed })
  }

  #planRenewal(account: Account): void {
    clearTimeout(this.#timer)
    const wait = Math.max(retryAfter, Date.parse(account.expiresAt) - Date.now() - renewBefore)
    this.#timer = setTimeout(() => void this.#renewNow(), Math.min(wait, 2 ** 31 - 1))
  }

  async #renewNow(): Promise<void> {
    if (!this.#renew) return
    try {
      await this.#register(await this.#renew(this.#view.line === 'ready'))
    } catch {
      // `stop` may have been called meanwhile: the seat is elsewhere.
      if (this.running) this.#timer = setTimeout(() => void this.#renewNow(), retryAfter)
    }
  }
}

/** The telephone of this window. */
export const softphone = new Softphone()
