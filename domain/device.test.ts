import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deviceOf } from './device.ts'

test.each([
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36',
    'Chrome · Windows',
  ],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0', 'Edge · Windows'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1', 'Safari · iOS'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · macOS'],
  ['curl/8.0', ''],
])('a person knows their device by its words: %s', (userAgent, words) => {
  expect(deviceOf(userAgent)).toBe(words)
})

test('whatever a client calls itself, only words of ours are kept', () => {
  fc.assert(
    fc.property(fc.string(), (agent) => {
      expect(deviceOf(agent)).toMatch(/^[A-Za-z· ]{0,30}$/)
    }),
  )
})
