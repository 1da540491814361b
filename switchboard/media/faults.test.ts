import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Leg } from './leg.ts'
import type { MediaEvent } from './messages.ts'
import { Switchroom } from './switchroom.ts'
import { until } from './test-engine.ts'
import { TestPhone } from './test-phone.ts'

// The engine's own works, in this thread, so that a leg can be made to fail as no call can make it.
let room: Switchroom
const phones: TestPhone[] = []
let events: MediaEvent[] = []

beforeEach(() => {
  const from = 28_000 + (process.pid % 50) * 40
  const place = { bind: '127.0.0.1', publicAddress: '127.0.0.1', ports: { from, to: from + 39 } }
  events = []
  room = new Switchroom(place, (event) => events.push(event))
})
afterEach(async () => {
  await room.ask({ do: 'close' })
  for (const phone of phones.splice(0)) await phone.close()
})

async function call(leg: string, hz: number): Promise<TestPhone> {
  const phone = await TestPhone.open()
  phones.push(phone)
  const answer = await room.ask({ do: 'answerOffer', leg, sdp: phone.sdp(), address: null })
  phone.follow(String(answer))
  phone.speak(hz)
  return phone
}

function together(bridge: string, legs: string[]): void {
  room.obey({ do: 'createBridge', bridge, kind: 'mixing' })
  for (const leg of legs) room.obey({ do: 'addToBridge', bridge, leg, mute: false })
}

/** A leg alone, made before those of a talk that is mixed on the tick: whatever it does, it does before them. */
async function beside() {
  await call('bad', 440)
  const talkers = [await call('one', 600), await call('two', 700), await call('three', 800)]
  together('talk', ['one', 'two', 'three'])
  const bad = room['legs'].get('bad')
  if (!bad) throw new Error('no leg')
  return { bad, talkers }
}

const fails = (): never => {
  throw new Error('a fault of ours')
}

/** Each hears the two others, from now on. */
async function allTalk(talkers: TestPhone[]): Promise<void> {
  for (const phone of talkers) phone.arrivals.splice(0)
  const tones = [600, 700, 800]
  await until(() =>
    talkers.every(
      (phone, at) => phone.hears(tones).join() === tones.filter((_, index) => index !== at).join(),
    ),
  )
}

const lostLegs = (): string[] =>
  events.flatMap((event) => (event.type === 'legLost' ? [event.leg] : [])).toSorted()

test('a leg that fails at every tick is given up, and told; the talk beside it goes on', async () => {
  const { bad, talkers } = await beside()
  bad.tick = fails
  await until(() => lostLegs().length > 0)
  expect(lostLegs()).toEqual(['bad'])
  await allTalk(talkers)
  const counts = await room.ask({ do: 'counts' })
  expect(counts).toMatchObject({ legs: 3, ports: 6 })
})

test('a leg that fails once in a while goes on', async () => {
  const { bad, talkers } = await beside()
  const tick = bad.tick.bind(bad)
  let failed = 0
  bad.tick = (now) => {
    if (failed < 10) {
      failed += 1
      fails()
    }
    tick(now)
  }
  await until(() => failed === 10)
  await allTalk(talkers)
  expect(lostLegs()).toEqual([])
})

test('a member whose sound cannot be made ends its own talk, told leg by leg, and no other', async () => {
  const { bad, talkers } = await beside()
  const third = await call('third', 500)
  const fourth = await call('fourth', 550)
  together('broken', ['bad', 'third', 'fourth'])
  await until(() => third.hears([440, 550]).length === 2 && fourth.hears([440, 500]).length === 2)
  const member: Pick<Leg, 'contribute'> = bad
  member.contribute = fails
  await until(() => lostLegs().length === 3)
  expect(lostLegs()).toEqual(['bad', 'fourth', 'third'])
  await allTalk(talkers)
})
