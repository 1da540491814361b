/** One call from the page. JsSIP is loaded only now: the page itself stays light. */
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { guestPhone } from '../../api/public.ts'
import type { Reply } from '../../api/endpoint.ts'
import type { PageWord } from './words.ts'

/** A call in progress, as the page uses it. */
export interface PageCall {
  press: (digit: string) => void
  mute: (on: boolean) => void
  end: () => void
}

/** A call that could not be made, with the words for it. */
export class CallRefusal extends Error {
  readonly word: PageWord

  constructor(word: PageWord) {
    super(word)
    this.word = word
  }
}

async function askMicrophone(): Promise<MediaStream> {
  if (!window.isSecureContext || !('mediaDevices' in navigator)) throw new CallRefusal('insecure')
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    })
  } catch {
    throw new CallRefusal('noMicrophone')
  }
}

async function askAccount(lineId: string): Promise<Reply<typeof guestPhone>> {
  const response = await fetch('/api/v1/public/call', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ lineId }),
  }).catch(() => null)
  if (!response?.ok) throw new CallRefusal('failed')
  return (await response.json()) as Reply<typeof guestPhone>
}

function follow(
  session: RTCSession,
  speaker: HTMLAudioElement,
  tell: (word: PageWord) => void,
  over: () => void,
): void {
  session.connection.addEventListener('track', ({ track, streams }) => {
    speaker.srcObject = streams[0] ?? new MediaStream([track])
    void speaker.play().catch(() => undefined)
  })
  session.on('confirmed', () => tell('talking'))
  session.on('ended', () => {
    tell('ended')
    over()
  })
  session.on('failed', (event) => {
    tell(event.cause === 'Canceled' ? 'ended' : 'failed')
    over()
  })
}

/** Calls a line: microphone first, then an account for this one call, then the call; `tell` says how it stands. */
export async function callLine(
  lineId: string,
  tell: (word: PageWord) => void,
  over: () => void,
): Promise<PageCall> {
  tell('askMicrophone')
  const microphone = await askMicrophone()
  const release = (): void => microphone.getTracks().forEach((track) => track.stop())
  try {
    tell('connecting')
    const [account, { UA, WebSocketInterface }] = await Promise.all([askAccount(lineId), import('jssip')])
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const agent = new UA({
      // The first that opens is used.
      sockets: account.sipAddresses.map(
        (address) => new WebSocketInterface(`${scheme}://${location.host}${address}`),
      ),
      uri: `sip:${account.sipUser}@${account.sipDomain}`,
      password: account.sipPassword,
      register: false,
      session_timers: false,
      user_agent: 'Hearthline page',
    })
    agent.start()
    const session = agent.call(`sip:${account.dial}@${account.sipDomain}`, {
      mediaStream: microphone,
      pcConfig: { iceServers: [] },
    })
    follow(session, new Audio(), tell, () => {
      release()
      // The last answer must still go out.
      setTimeout(() => agent.stop(), 1000)
      over()
    })
    return {
      press: (digit) => session.sendDTMF(digit),
      mute: (on) => (on ? session.mute({ audio: true }) : session.unmute({ audio: true })),
      end: () => {
        if (!session.isEnded()) session.terminate()
      },
    }
  } catch (failure) {
    release()
    throw failure instanceof CallRefusal ? failure : new CallRefusal('failed')
  }
}
