import { expect, test } from 'vitest'
import { kindAt, kindOf, kinds } from './kinds.ts'
import { NumberedPhone } from './numbered.ts'

test('a phone counts the numbers that another sends, and nothing of its own', async () => {
  const [fast, slow] = [await NumberedPhone.open(), await NumberedPhone.open()]
  fast.other = slow
  slow.other = fast
  fast.speakTo(slow.port, 100)
  try {
    await expect.poll(() => slow.heard).toBeGreaterThan(20)
    fast.hush()
    await expect.poll(() => slow.heard).toBe(fast.sent)
    expect(slow.passage().packets).toBe(fast.sent)
    expect([fast.heard, slow.passage().packets]).toEqual([0, 0])
  } finally {
    fast.close()
    slow.close()
  }
})

test('every kind of call has its part of a hundred and a number by which it is known', () => {
  const shares = Object.values(kinds).reduce((sum, { share }) => sum + share, 0)
  expect(shares).toBe(100)
  for (let at = 0; at < 100; at += 1) {
    const kind = kindAt(at / 100)
    expect(kindOf(kinds[kind].number)).toBe(kind)
  }
  expect(kindOf('9999')).toBeNull()
})
