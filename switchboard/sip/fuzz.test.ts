import { expect, test } from 'vitest'
import { fuzz } from '../testing/fuzzing.ts'

test('four thousand mutated messages find no fault of ours, and the call beside them lives on', async () => {
  const { faults, alive, sent, answered } = await fuzz({ seed: 4475, messages: 4000, ms: 4000 })
  expect(faults).toEqual([])
  expect(alive).toBe(true)
  expect(sent).toBeGreaterThan(500)
  expect(answered).toBeGreaterThan(50)
})
