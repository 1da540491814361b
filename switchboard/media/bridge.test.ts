import { expect, test } from 'vitest'
import { Bridge } from './bridge.ts'
import { encode } from './g711.ts'
import { FRAME, Inlet } from './inlet.ts'
import { Leg } from './leg.ts'
import { tone } from './tone.ts'

const packet = new Uint8Array(FRAME)
encode('PCMU', tone(440, 20), packet)

/** Somebody in a mix, without a network. */
class Speaker extends Leg {
  readonly needsMix = true
  readonly inlet = new Inlet()
  private readonly said = new Int16Array(FRAME)
  private sent = 0

  /** Packets of 20 ms arrive, one after the other. */
  speak(packets: number): void {
    for (let left = packets; left > 0; left--) this.inlet.write('PCMU', packet, this.sent++ * FRAME)
  }

  contribute(): Int16Array | null {
    return this.inlet.read(this.said) ? this.said : null
  }

  tick(): void {}

  restart(): void {
    this.inlet.reset()
  }

  async close(): Promise<void> {}
}

test('what is said while the clock stands still does not delay a mixed talk afterwards', () => {
  const bridge = new Bridge('room', 'mixing', () => undefined)
  const speakers = ['caller', 'seat', 'third'].map((id) => new Speaker(id))
  for (const speaker of speakers) bridge.add(speaker, false)
  const live = (): void => {
    for (const speaker of speakers) speaker.speak(1)
    bridge.tick()
  }
  for (let n = 0; n < 50; n++) live()
  const before = speakers.map(({ inlet }) => inlet.depth)
  // 0.6 s: what came meanwhile is read from the sockets at once, then the ticks that were missed are made up.
  for (const speaker of speakers) speaker.speak(30)
  for (let n = 0; n < 30; n++) bridge.keepTime()
  for (let n = 0; n < 50; n++) live()
  expect(speakers.map(({ inlet }) => inlet.depth)).toEqual(before)
})
