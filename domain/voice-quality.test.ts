import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  delayImpairment,
  delayOf,
  excuse,
  figuresBetween,
  judgedOver,
  lately,
  listen,
  lossImpairment,
  opinionOf,
  opinionOfFigures,
  ratingOf,
  silenceOf,
  silentAfter,
  startListening,
  type VoiceReading,
} from './voice-quality.ts'

const loss = fc.double({ min: 0, max: 100, noNaN: true })
const delay = fc.double({ min: 0, max: 5000, noNaN: true })

/** A reading of a leg on which 50 packets a second come, of which `lost` are missing. */
const reading = (at: number, more: Partial<VoiceReading> = {}): VoiceReading => ({
  at,
  received: at / 20,
  lost: 0,
  sent: at / 20,
  peerLost: 0,
  jitterMs: 1,
  peerJitterMs: 1,
  rttMs: 20,
  ...more,
})

test('a clean call by G.711 has R 93.2 and an opinion of 4.41, as ITU-T G.107 prints them', () => {
  expect(ratingOf(0, 0, true)).toBe(93.2)
  expect(opinionOf(93.2)).toBeCloseTo(4.41, 2)
})

test('the opinions of ITU-T G.107 annex B: R 90, 80, 70, 60, 50 are 4.34, 4.03, 3.60, 3.10, 2.58', () => {
  const opinions = [90, 80, 70, 60, 50].map((rating) => Number(opinionOf(rating).toFixed(2)))
  expect(opinions).toEqual([4.34, 4.02, 3.6, 3.1, 2.58])
})

test('delay disturbs nobody up to 100 ms, and at 400 ms as much as the formula of G.107 says', () => {
  expect(delayImpairment(100)).toBe(0)
  expect(delayImpairment(400)).toBeCloseTo(25 * (65 ** (1 / 6) - 3 * (1 + (2 / 3) ** 6) ** (1 / 6) + 2), 9)
  expect(delayImpairment(400)).toBeGreaterThan(20)
})

test('loss counts much more where nobody conceals it', () => {
  expect(lossImpairment(4.3, false)).toBeCloseTo(47.5, 6)
  expect(lossImpairment(25.1, true)).toBeCloseTo(47.5, 6)
})

test('R stays within 0 and 100 and the opinion within 1 and 4.5, whatever comes', () => {
  fc.assert(
    fc.property(loss, delay, fc.boolean(), (percent, ms, concealed) => {
      const rating = ratingOf(percent, ms, concealed)
      expect(rating).toBeGreaterThanOrEqual(0)
      expect(rating).toBeLessThanOrEqual(100)
      expect(opinionOf(rating)).toBeGreaterThanOrEqual(1)
      expect(opinionOf(rating)).toBeLessThanOrEqual(4.5)
    }),
  )
})

test('more loss or more delay never makes a call better', () => {
  fc.assert(
    fc.property(loss, loss, delay, delay, fc.boolean(), (a, b, c, d, concealed) => {
      const better = opinionOf(ratingOf(Math.min(a, b), Math.min(c, d), concealed))
      const poorer = opinionOf(ratingOf(Math.max(a, b), Math.max(c, d), concealed))
      expect(poorer).toBeLessThanOrEqual(better + 1e-9)
    }),
  )
})

test('a higher R never means a lower opinion', () => {
  fc.assert(
    fc.property(loss, loss, (a, b) => {
      expect(opinionOf(Math.min(a, b))).toBeLessThanOrEqual(opinionOf(Math.max(a, b)) + 1e-9)
    }),
  )
})

test('the worse direction of a leg is its figure, and only what was lost in between counts', () => {
  const from = reading(10_000, { lost: 100, peerLost: 5 })
  const to = reading(20_000, { lost: 100, peerLost: 55, jitterMs: 3, peerJitterMs: 40, rttMs: 80 })
  expect(figuresBetween(from, to)).toEqual({ lossPercent: 10, jitterMs: 40, rttMs: 80 })
  expect(delayOf({ rttMs: 80, jitterMs: 40 })).toBe(160)
})

test('where a switchboard tells nothing of loss, none is claimed', () => {
  const bare = { lost: null, sent: null, peerLost: null, jitterMs: null, peerJitterMs: null, rttMs: null }
  const figures = figuresBetween(reading(0, bare), reading(10_000, bare))
  expect(figures).toEqual({ lossPercent: null, jitterMs: null, rttMs: null })
  expect(opinionOfFigures(figures)).toBeCloseTo(4.41, 2)
})

test('loss is always between 0 and 100 percent, whichever way counters ran', () => {
  const count = fc.integer({ min: 0, max: 100_000 })
  const any = fc.record({ received: count, lost: count, sent: count, peerLost: count })
  fc.assert(
    fc.property(any, any, (one, other) => {
      const { lossPercent } = figuresBetween(reading(0, one), reading(1000, other))
      expect(lossPercent ?? 0).toBeGreaterThanOrEqual(0)
      expect(lossPercent ?? 0).toBeLessThanOrEqual(100)
    }),
  )
})

test('G24-3.2.2b: a talk is judged by its last ten seconds, and not before it has lasted as long', () => {
  let heard = startListening(0)
  for (let at = 0; at < judgedOver; at += 1000) heard = listen(heard, reading(at))
  expect(lately(heard)).toBe(null)
  for (let at = judgedOver; at <= 30_000; at += 1000) {
    heard = listen(heard, reading(at, { lost: at > 15_000 ? (at - 15_000) / 100 : 0 }))
  }
  // 150 packets lost of 650 since second 15; of the last ten seconds, 100 of 600.
  expect(lately(heard)?.lossPercent).toBeCloseTo(100 / 6, 6)
  expect(heard.readings.length).toBe(11)
})

test('G24-3.2.2b: a seat that never sent sound and one that fell silent are told apart, both after three seconds', () => {
  const nothing = listen(startListening(0), reading(1000, { received: 0 }))
  expect(silenceOf(nothing, silentAfter - 1)).toBe(null)
  expect(silenceOf(nothing, silentAfter)).toBe('never')
  const spoke = listen(startListening(0), reading(1000, { received: 50 }))
  const stopped = listen(spoke, reading(2000, { received: 50 }))
  expect(silenceOf(stopped, 1000 + silentAfter - 1)).toBe(null)
  expect(silenceOf(stopped, 1000 + silentAfter)).toBe('now')
  expect(silenceOf(listen(stopped, reading(4000, { received: 60 })), 4000)).toBe(null)
})

test('a seat that was on hold has its three seconds from when the talk goes on', () => {
  const heard = listen(startListening(0), reading(1000, { received: 50 }))
  expect(silenceOf(heard, 60_000)).toBe('now')
  expect(silenceOf(excuse(heard, 60_000), 60_000 + silentAfter - 1)).toBe(null)
  expect(silenceOf(excuse(startListening(0), 60_000), 60_000 + silentAfter)).toBe('never')
})
