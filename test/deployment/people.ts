/** Those who telephone in the trial: callers by the carrier through Kamailio, and counsellors' desk phones at both Asterisks. */
import { setTimeout as pause } from 'node:timers/promises'
import { startPhone, type Phone, type PhoneCall } from '../../switchboard/testing/phone.ts'
import { hosts } from './machines.ts'
import { until } from './programs.ts'

/** What callers and counsellors say. */
export const hz = { caller: 1000, seat: 1400 } as const
const loud = -30

/** One call from outside, as its caller sees it. */
export interface Caller {
  number: string
  /** From dialling to the answer, in milliseconds; null until then. */
  tookMs: number | null
  over: boolean
  /** Whether the counsellor is heard in the half second to come. */
  helped: () => Promise<boolean>
  hangUp: () => void
}

/** Callers come from here. */
export interface Carrier {
  /** Several call the hotline, shortly after one another, until every one is answered; they agree to be recorded or do not. */
  calls: (numbers: readonly string[], agrees?: boolean) => Promise<Caller[]>
  stop: () => Promise<void>
}

/** Numbers of callers that nobody has yet. */
export const newNumbers = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `1390000${String(first + at).padStart(4, '0')}`)

/** Starts a carrier at the address that Kamailio knows. */
export async function startCarrier(): Promise<Carrier> {
  const boards = [{ host: hosts.proxy, port: 5060 }]
  const phone = await startPhone({ host: hosts.carrier, port: 5060, boards })
  const call = async (number: string, key: '1' | '2'): Promise<Caller> => {
    const begun = performance.now()
    const made = await phone.dial('1001', number)
    const caller: Caller = {
      number,
      tookMs: null,
      over: false,
      helped: () => hears(made, hz.seat),
      hangUp: () => made.call.hangup(),
    }
    made.sound.hz = hz.caller
    void made.ended.then(() => (caller.over = true))
    void made.answered.then(() => {
      caller.tookMs = performance.now() - begun
      void choose(made, caller, key)
    })
    return caller
  }
  return {
    calls: async (numbers, agrees = false) => {
      const made: Caller[] = []
      for (const number of numbers) {
        made.push(await call(number, agrees ? '1' : '2'))
        await pause(150)
      }
      await until(`${made.length} calls are answered`, () => made.every((one) => one.tookMs !== null))
      return made
    },
    stop: () => phone.stop(),
  }
}

/** What was heard before a line died would be heard for ever. */
async function hears({ sound, call }: PhoneCall, tone: number): Promise<boolean> {
  if (call.state !== 'answered') return false
  sound.forget()
  await pause(500)
  return sound.level(tone) > loud
}

/** The question of consent is asked a second after the answer. */
async function choose(made: PhoneCall, caller: Caller, key: '1' | '2'): Promise<void> {
  await pause(2000)
  if (!caller.over) await made.sound.press(key).catch(() => undefined)
}

/** A counsellor's desk phone that takes every call. */
export interface DeskPhone {
  /** Whether a caller is heard in the half second to come. */
  helps: () => Promise<boolean>
  stop: () => Promise<void>
}

/** Registers one with both Asterisks. */
export async function startDeskPhone(user: string): Promise<DeskPhone> {
  const boards = hosts.asterisks.map((host) => ({ host, port: 5060 }))
  const phone = await startPhone(
    { host: '127.0.0.1', port: 0, boards },
    { user, password: 'hearthline-demo' },
  )
  const stopAnswering = answerAll(phone)
  await until(`${user} is registered with both`, () =>
    phone.stack.trunkStates().every(({ state }) => state === 'registered'),
  )
  return {
    helps: async () => (await Promise.all(phone.calls.map((one) => hears(one, hz.caller)))).includes(true),
    stop: async () => {
      stopAnswering()
      await phone.stop()
    },
  }
}

function answerAll(phone: Phone): () => void {
  const seen = new Set<PhoneCall>()
  const timer = setInterval(() => {
    for (const one of phone.calls.filter((each) => !seen.has(each))) {
      seen.add(one)
      one.sound.hz = hz.seat
      setTimeout(() => one.answer(), 200)
    }
  }, 50)
  return () => clearInterval(timer)
}
