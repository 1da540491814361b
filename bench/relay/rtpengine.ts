/** An rtpengine that relays in user space, and its ng protocol: offers and answers by UDP. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../processes.ts'
import { openSocket } from '../soak/voice.ts'
import { rtpengineRoot } from './packages.ts'

const answersWithin = 2000
const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']

/** A running one. */
export interface Rtpengine {
  pid: number
  /** Tells it of an offer; gives the SDP to hand on. */
  offer: (call: string, sdp: string) => Promise<string>
  /** Tells it of the answer; gives the SDP to hand back. */
  answer: (call: string, sdp: string) => Promise<string>
  stop: () => Promise<void>
}

type Ask = (command: string, fields: object) => Promise<{ result: string; sdp?: string }>

/** Commands and answers carry the same cookie before their JSON. */
async function openLine(port: number): Promise<{ ask: Ask; close: () => void }> {
  const socket = await openSocket()
  const waiting = new Map<string, (text: string) => void>()
  socket.on('message', (datagram) => {
    const text = datagram.toString()
    const at = text.indexOf(' ')
    waiting.get(text.slice(0, at))?.(text.slice(at + 1))
    waiting.delete(text.slice(0, at))
  })
  const ask: Ask = async (command, fields) => {
    const cookie = randomUUID().replaceAll('-', '')
    const answered = new Promise<string>((resolve) => waiting.set(cookie, resolve))
    socket.send(`${cookie} ${JSON.stringify({ command, ...fields })}`, port, '127.0.0.1')
    const text = await Promise.race([answered, sleep(answersWithin, null)])
    if (text === null) throw new Error(`rtpengine does not answer to ${command}`)
    return JSON.parse(text) as Awaited<ReturnType<Ask>>
  }
  return { ask, close: () => socket.close() }
}

async function sdpFor(ask: Ask, command: 'offer' | 'answer', call: string, sdp: string): Promise<string> {
  const tags = { 'from-tag': 'a', ...(command === 'answer' && { 'to-tag': 'b' }) }
  const found = await ask(command, { 'call-id': call, ...tags, sdp, ICE: 'remove', replace: ['origin'] })
  if (found.sdp === undefined) throw new Error(`rtpengine refused an ${command}`)
  return found.sdp
}

/** Starts one; without its kernel module, which machines like this cannot have. */
export async function startRtpengine(): Promise<Rtpengine> {
  const root = await rtpengineRoot()
  const folder = mkdtempSync(join(tmpdir(), 'bench-rtpengine-'))
  const port = await freePort()
  const where = [
    '--interface=127.0.0.1',
    `--listen-ng=127.0.0.1:${port}`,
    '--port-min=30000',
    '--port-max=32000',
  ]
  const how = ['--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=3']
  let said = ''
  const child = spawn(join(root, 'usr/bin/rtpengine'), [...where, ...how], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries.map((folder) => join(root, folder)).join(':') },
  })
  const failed = new Promise<string>((resolve) => child.on('error', (error) => resolve(error.message)))
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2000)))
  const line = await openLine(port)
  const stop = async (): Promise<void> => {
    line.close()
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  const ready = async (): Promise<true> => {
    for (;;) if ((await line.ask('ping', {}).catch(() => null))?.result === 'pong') return true
  }
  const begun = await Promise.race([
    ready(),
    failed,
    once(child, 'exit').then(() => said),
    sleep(10_000, said),
  ])
  if (begun !== true) {
    await stop()
    throw new Error(`rtpengine did not start: ${begun}`)
  }
  return {
    pid: child.pid ?? 0,
    offer: (call, sdp) => sdpFor(line.ask, 'offer', call, sdp),
    answer: (call, sdp) => sdpFor(line.ask, 'answer', call, sdp),
    stop,
  }
}
