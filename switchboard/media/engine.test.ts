import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestEngine, until } from './test-engine.ts'

let t: TestEngine
beforeAll(async () => {
  t = await TestEngine.start()
})
afterAll(async () => {
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
  t.engine.closeLeg('prompt')
})
