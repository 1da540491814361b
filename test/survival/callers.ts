/** Callers and seats of the survival run: SIP phones in this process, which outlives whatever is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startPhone, type Phone, type PhoneCall } from '../../switchboard/testing/phone.ts'

/** What one caller is going to do; times in milliseconds. */
export interface CallerPlan {
  /** The last four digits tell the calls of a run apart. */
  number: string
  startsAfter: number
  key: '1' | '2' | null
  /** Hangs up this long after the answer, and never before `untilAt`. */
  stays: number
}

/** What one caller saw. */
export interface CallerStory {
  number: string
  /** The switchboard said 200: this call must be found in the records. */
  answered: boolean
  /** Heard a counsellor. */
  helped: boolean
  /** Was put down by the other side, which no plan of this run asks for. */
  putDown: boolean
}

const tones = { caller: 1000, seat: 1400 } as const
const loud = -30
const answerWithin = 10_000

/** Calls, and gives what happened; `untilAt` is the earliest moment (ms since 1970) at which a caller hangs up. */
export async function callOnce(
  phone: Phone,
  line: string,
  plan: CallerPlan,
  untilAt: number,
): Promise<CallerStory> {
  await sleep(plan.startsAfter)
  const story = { number: plan.number, answered: false, helped: false, putDown: false }
  const call = await phone.dial(line, plan.number)
  let over = false
  void call.ended.then(() => (over = true))
  void call.answered.then(() => (story.answered = true))
  call.sound.hz = tones.caller
  await until(() => over || story.answered, Date.now() + answerWithin)
  if (story.answered) await stay(call, plan, untilAt, story, () => over)
  story.putDown = over && story.answered
  call.call.hangup()
  await until(() => over, Date.now() + 5000)
  return story
}

async function stay(
  call: PhoneCall,
  plan: CallerPlan,
  untilAt: number,
  story: CallerStory,
  over: () => boolean,
): Promise<void> {
  await sleep(1500)
  // The call may end under the finger.
  if (plan.key !== null && !over()) await call.sound.press(plan.key).catch(() => undefined)
  const end = Math.max(Date.now() + plan.stays, untilAt)
  await until(() => {
    story.helped ||= call.sound.level(tones.seat) > loud
    return over()
  }, end)
}

async function until(holds: () => boolean, end: number): Promise<void> {
  while (!holds() && Date.now() < end) await sleep(50)
}

/** A counsellor's desk phone that takes every call. */
export interface Seat {
  /** Its calls that are up, and whether each hears its caller now. */
  hearing(): boolean[]
  stop(): Promise<void>
}

/** Registers a demo desk phone, and answers whatever rings there after a moment. */
export async function startSeat(sipPort: number, user: string): Promise<Seat> {
  const phone = await startPhone(sipPort, { user, password: 'hearthline-demo' })
  const seen = new Set<PhoneCall>()
  const answering = setInterval(() => {
    for (const one of phone.calls) {
      if (seen.has(one)) continue
      seen.add(one)
      one.sound.hz = tones.seat
      setTimeout(() => one.answer(), 200)
    }
  }, 50)
  await phone.registered().catch(async (error: unknown) => {
    clearInterval(answering)
    await phone.stop()
    throw error
  })
  return {
    hearing: () =>
      phone.calls
        .filter((one) => one.call.state === 'answered')
        .map((one) => one.sound.level(tones.caller) > loud),
    stop: async () => {
      clearInterval(answering)
      phone.stack.removeTrunk('board')
      await sleep(100)
      await phone.stop()
    },
  }
}
