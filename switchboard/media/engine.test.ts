import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestEngine, until } from './test-engine.ts'

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
  await until(() => phone.hears([300, 800]).join() === '300')
  await until(() => phone.hears([300, 800]).join() === '800')
  const ended = await t.event('playFinished', ({ playback }) => playback === 'greeting')
  expect(ended.outcome).toBe('done')
  await sleep(250)
  expect(phone.hears([300, 800])).toEqual([])
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
