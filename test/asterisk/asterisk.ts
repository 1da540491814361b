/** An Asterisk 22 in tests: a process of its own on free ports, configured by nothing but the product's own generator. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { generate } from 'selfsigned'
import { asteriskConfig, type AsteriskSettings, type Places } from '../../telephony/asterisk-config.ts'
import { writeTones } from '../../switchboard/testing/board.ts'
import { asteriskRoot } from './packages.ts'

const startsWithin = 30_000
const stopsWithin = 8_000

/** A running Asterisk. */
export interface TestAsterisk {
  sipPort: number
  sipsPort: number
  wssPort: number
  recorderPort: number
  /** With user and password. */
  ariUrl: string
  /** Everything of its own: `log`, `spool/recording`, and the tones callers hear while nobody is connected. */
  folder: string
  pid: number
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const placesIn = (root: string, folder: string): Places => ({
  etc: join(folder, 'etc'),
  modules: join(root, 'usr/lib/x86_64-linux-gnu/asterisk/modules'),
  share: join(root, 'usr/share/asterisk'),
  lib: join(folder, 'lib'),
  spool: join(folder, 'spool'),
  run: join(folder, 'run'),
  log: join(folder, 'log'),
  cache: join(folder, 'cache'),
})

async function settingsIn(
  root: string,
  folder: string,
): Promise<AsteriskSettings & { recorderPort: number }> {
  const [sipPort, ari, sipsPort, wssPort, recorderPort] = await Promise.all([1, 2, 3, 4, 5].map(freePort))
  const first = 12_000 + Math.floor(Math.random() * 30) * 200
  return {
    name: 'test',
    host: '127.0.0.1',
    publicAddress: null,
    sipPort: sipPort ?? 0,
    tls: { sipsPort: sipsPort ?? 0, wssPort: wssPort ?? 0, pem: join(folder, 'tls.pem') },
    rtpPorts: { first, last: first + 199 },
    ari: { host: '127.0.0.1', port: ari ?? 0, user: 'test', password: 'secret' },
    app: 'hotline',
    realm: 'hearthline',
    recorderUrl: `ws://127.0.0.1:${recorderPort}/`,
    fallbackSound: join(folder, 'fallback.wav'),
    music: join(folder, 'music.wav'),
    acceptAnonymous: true,
    places: placesIn(root, folder),
    recorderPort: recorderPort ?? 0,
  }
}

async function answers({ ari }: AsteriskSettings): Promise<boolean> {
  const authorization = `Basic ${btoa(`${ari.user}:${ari.password}`)}`
  const answer = await fetch(`http://${ari.host}:${ari.port}/ari/asterisk/ping`, {
    headers: { authorization },
  }).catch(() => null)
  return answer?.status === 200
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  const impatient = setTimeout(() => child.kill('SIGKILL'), stopsWithin)
  await over
  clearTimeout(impatient)
}

/** Starts one; the first time this fetches and unpacks it. `more` changes its settings, `rewrite` its files. */
export async function startAsterisk(
  more: Partial<AsteriskSettings> = {},
  rewrite = (files: ReadonlyMap<string, string>): ReadonlyMap<string, string> => files,
): Promise<TestAsterisk> {
  const root = await asteriskRoot()
  const folder = mkdtempSync(join(tmpdir(), 'asterisk-'))
  const settings = { ...(await settingsIn(root, folder)), ...more }
  const { etc, lib, spool, run, log, cache } = settings.places
  for (const place of [
    etc,
    join(lib, 'keys'),
    run,
    log,
    cache,
    join(spool, 'recording'),
    join(log, 'cdr-csv'),
  ])
    mkdirSync(place, { recursive: true })
  for (const [name, text] of rewrite(asteriskConfig(settings)))
    writeFileSync(join(etc, name), text, { mode: 0o600 })
  await writeTones(folder)
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }])
  writeFileSync(join(folder, 'tls.pem'), `${key}\n${cert}\n`, { mode: 0o600 })
  // Its libraries are its own, so its own loader has to load them.
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu')
  const program = join(root, 'usr/sbin/asterisk')
  const loader = ['--library-path', `${libraries}:${join(libraries, 'asterisk')}`, program]
  const args = [...loader, '-C', join(etc, 'asterisk.conf'), '-f', '-n']
  const child = spawn(join(libraries, 'ld-linux-x86-64.so.2'), args, {
    cwd: folder,
    stdio: 'ignore',
    env: { TZ: 'UTC' },
  })
  for (const until = Date.now() + startsWithin; !(await answers(settings)); await pause(100)) {
    if (child.exitCode === null && Date.now() < until) continue
    await end(child)
    throw new Error(`Asterisk did not start: see ${join(log, 'messages')}`)
  }
  const { ari, recorderPort } = settings
  return {
    sipPort: settings.sipPort,
    sipsPort: settings.tls?.sipsPort ?? 0,
    wssPort: settings.tls?.wssPort ?? 0,
    recorderPort,
    ariUrl: `http://${ari.user}:${ari.password}@${ari.host}:${ari.port}`,
    folder,
    pid: child.pid ?? 0,
    stop: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
