import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestEngine, until } from './test-engine.ts'
import { levelOf } from './tone.ts'

let t: TestEngine
beforeEach(async () => {
  t = await TestEngine.start()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await t.close()
})

test('a prompt is heard from its first to its last frame, and its end is told', async () => {
  const phone = await t.call('prompt', 0)
  t.engine.play('greeting', { leg: 'prompt' }, [await t.toneFile(300, 400), await t.toneFile(800, 300)])
  await t.event('playStarted', ({ playback }) => playback === 'greeting')
  const ended = await t.event('playFinished', ({ playback }) => playback === 'greeting')
  expect(ended.outcome).toBe('done')
  await until(() => phone.hears([300, 800], 5000).length === 2)
  await until(() => phone.hears([300, 800]).length === 0)
  const whole = phone.heard(10_000)
  const begin = whole.findIndex((sample) => sample > 2000)
  const [first, second] = [whole.subarray(begin, begin + 3200), whole.subarray(begin + 3200, begin + 5600)]
  expect([levelOf(first, 300) > 11_000, levelOf(first, 800) > 1500]).toEqual([true, false])
  expect([levelOf(second, 800) > 11_000, levelOf(second, 300) > 1500]).toEqual([true, false])
})

test('the sound goes on while the main thread is busy', async () => {
  await t.call('leg', 0)
  t.engine.play('long', { leg: 'leg' }, [await t.toneFile(300, 3000)])
  await t.event('playStarted')
  const before = await t.engine.stats('leg')
  for (const end = performance.now() + 500; performance.now() < end;);
  const after = await t.engine.stats('leg')
  expect(after.txPackets - before.txPackets).toBeGreaterThan(10)
})

test('a worker that dies is replaced: its legs and playbacks are reported lost, and new calls are served', async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage')
  await t.call('leg', 0)
  t.engine.play('long', { leg: 'leg' }, [await t.toneFile(300, 3000)])
  await t.event('playStarted')
  const [worker] = posted.mock.contexts
  if (!(worker instanceof Worker)) throw new Error('no worker was spoken to')
  await worker.terminate()
  await t.event('legLost', ({ leg }) => leg === 'leg')
  await t.event('playFailed', ({ playback }) => playback === 'long')
  const again = await t.call('leg', 0)
  t.engine.play('again', { leg: 'leg' }, [await t.toneFile(800, 400)])
  await until(() => again.hears([800]).length === 1)
  expect(await t.engine.counts()).toMatchObject({ legs: 1, ports: 2 })
})
