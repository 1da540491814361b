import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Pacer } from './pacer.ts'

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

test('ticks and skipped frames together are the wall clock, and a stall is followed by five frames at once at most', async () => {
  let ticks = 0
  let skipped = 0
  const pacer = new Pacer(
    () => {
      ticks += 1
    },
    (frames) => {
      skipped += frames
    },
  )
  const begun = performance.now()
  pacer.start()
  await sleep(100)
  const before = ticks
  block(400)
  await new Promise((resolve) => setImmediate(resolve))
  await sleep(5)
  expect(ticks - before).toBeLessThanOrEqual(8)
  expect(skipped).toBeGreaterThanOrEqual(12)
  await sleep(100)
  pacer.stop()
  const due = (performance.now() - begun) / 20
  // A tick may come 1 ms early.
  expect(ticks + skipped).toBeLessThanOrEqual(due + 0.05)
  expect(ticks + skipped).toBeGreaterThanOrEqual(due - 8)
  const stopped = ticks
  await sleep(60)
  expect(ticks).toBe(stopped)
})
