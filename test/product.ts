/* The whole product, started for a measurement or a journey as a newcomer starts it, on free ports and fresh data. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { asterisk } from '../telephony/testing/house.ts'

const root = join(import.meta.dirname, '..')

/** Where `npm run test:asterisk` has an Asterisk in the place of our switchboard: what an operator would set. */
const switchboard = asterisk && {
  ARI_URL: asterisk.url,
  HEARTHLINE_SIP_WS_PORT: new URL(asterisk.url).port,
  HEARTHLINE_RECORDER_PORT: String(asterisk.recorderPort),
}

/** A running product with a furnished demo hotline. */
export interface Product {
  web: string
  sipPort: number
  data: string
  /** Environment to run `bin/hearthline.js` verbs against it. */
  env: NodeJS.ProcessEnv
  launcher: ChildProcess
  /** Everything it printed so far. */
  printed: () => string
  stop: () => Promise<void>
}

/** Journeys that run beside each other keep their ports apart. */
const lane = Number(process.env['TEST_PARALLEL_INDEX'] ?? 0) % 2

/** A free port above those that the system hands out to whoever asks for any. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 61_000 + 2000 * lane + Math.floor(Math.random() * 2000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

/**
 * Starts `npm start -- --demo` on free ports; resolves when it serves. `data` starts it again on the same folder; without
 * `demo` it is a first start that prints its set-up link.
 */
export const startProduct = async (
  given: { data?: string; sipPort?: number; demo?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<Product> => {
  const data = given.data ?? mkdtempSync(join(tmpdir(), 'hearthline-data-'))
  const webPort = await freePort()
  const sipPort = given.sipPort ?? asterisk?.sipPort ?? (await freePort())
  const rtp = 10_000 + 5000 * lane + 1000 * Math.floor(Math.random() * 5)
  const env = {
    ...process.env,
    HEARTHLINE_DATA: data,
    HEARTHLINE_PORT: String(webPort),
    HEARTHLINE_SIP_PORT: String(sipPort),
    HEARTHLINE_SIPS_PORT: String(await freePort()),
    HEARTHLINE_RTP_PORTS: `${rtp}-${rtp + 999}`,
    HEARTHLINE_HOST: '127.0.0.1',
    ...switchboard,
    ...given.env,
  }
  const flags = given.demo === false ? [] : ['--demo']
  const launcher = spawn(process.execPath, [join(root, 'bin', 'hearthline.js'), 'start', ...flags], {
    env,
    cwd: root,
  })
  let printed = ''
  launcher.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()))
  launcher.stderr.on('data', (bytes: Buffer) => (printed += bytes.toString()))
  const web = `http://127.0.0.1:${webPort}`
  await serving(web, launcher, () => printed)
  return {
    web,
    sipPort,
    data,
    env,
    launcher,
    printed: () => printed,
    stop: async () => {
      if (launcher.exitCode === null && launcher.signalCode === null) {
        launcher.kill('SIGTERM')
        await once(launcher, 'exit')
      }
      if (!given.data) rmSync(data, { recursive: true, force: true })
    },
  }
}

const serving = async (web: string, launcher: ChildProcess, printed: () => string): Promise<void> => {
  const until = Date.now() + 60_000
  while (Date.now() < until) {
    if (launcher.exitCode !== null) throw new Error(`the product ended at its start:\n${printed()}`)
    const ready = await fetch(`${web}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (ready) return
    await sleep(100)
  }
  launcher.kill('SIGTERM')
  throw new Error(`the product does not serve:\n${printed()}`)
}
