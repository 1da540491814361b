import { expect, test } from 'vitest'
import { levelOf, troubleOf } from './microphone.ts'

const tone = (amplitude: number): Float32Array =>
  Float32Array.from({ length: 2048 }, (_, n) => amplitude * Math.sin(n / 10))

test('the microphone bar is empty in silence, moves with a voice and never overflows', () => {
  expect(levelOf(new Float32Array(2048))).toBe(0)
  expect(levelOf(tone(0.05))).toBeGreaterThan(25)
  expect(levelOf(tone(0.05))).toBeLessThan(levelOf(tone(0.3)))
  expect(levelOf(tone(1))).toBeLessThanOrEqual(100)
})

test('a missing microphone is told apart from a refused one', () => {
  expect(troubleOf(new DOMException('', 'NotFoundError'))).toBe('absent')
  expect(troubleOf(new DOMException('', 'NotAllowedError'))).toBe('refused')
})
