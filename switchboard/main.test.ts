import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { http } from './testing/app.ts'

let folder = ''
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchboard-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

interface Started {
  child: ChildProcess
  message: { type: string; message?: string; ports?: { ari: number; sip: number } }
  stderr: () => string
}

async function start(env: Record<string, string>): Promise<Started> {
  const child = fork(join(import.meta.dirname, 'main.ts'), {
    silent: true,
    execArgv: [],
    env: {
      PATH: process.env['PATH'] ?? '',
      HEARTHLINE_DATA: folder,
      HEARTHLINE_SIP_PORT: '0',
      HEARTHLINE_ARI_PORT: '0',
      HEARTHLINE_ARI_USER: 'test',
      HEARTHLINE_ARI_PASSWORD: 'secret',
      HEARTHLINE_RTP_PORTS: '28000-28099',
      ...env,
    },
  })
  children.push(child)
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const [message] = await once(child, 'message')
  return { child, message, stderr: () => errors }
}

test('the process says when it serves, ignores the keyboard, and ends cleanly when told', async () => {
  const { child, message } = await start({})
  expect(message.type).toBe('ready')
  const { ari = 0 } = message.ports ?? {}
  expect((await http(ari, 'GET', 'asterisk/ping')).body).toMatchObject({ ping: 'pong' })
  child.kill('SIGINT')
  expect((await http(ari, 'GET', 'asterisk/info?only=status')).body['status']).toBeDefined()
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
})

test('the process ends when its launcher has died', async () => {
  const { child } = await start({})
  const exit = once(child, 'exit')
  child.disconnect()
  expect(await exit).toEqual([null, 'SIGKILL'])
})

test('a port that is taken is named in one sentence, and the exit code is 1', async () => {
  const first = await start({})
  const sip = String(first.message.ports?.sip)
  const second = await start({ HEARTHLINE_SIP_PORT: sip, HEARTHLINE_RTP_PORTS: '28100-28199' })
  const exit = once(second.child, 'exit')
  expect(second.message).toMatchObject({
    type: 'failed',
    message: expect.stringContaining(`switchboard: SIP port ${sip} is taken`),
  })
  expect(await exit).toEqual([1, null])
  expect(second.stderr().trim().split('\n').at(-1)).toContain(`SIP port ${sip} is taken`)
  const third = await start({ HEARTHLINE_ARI_PORT: String(first.message.ports?.ari) })
  expect(third.message.message).toContain('ARI port')
})
