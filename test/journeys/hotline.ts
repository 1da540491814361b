/** What journeys share: the product of a test file, its contacts as its command line tells them, waiting and listening. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { levelOf } from '../../switchboard/media/tone.ts'
import type { Product } from '../product.ts'
import type { Phone } from './phone.ts'

/** One line of `npx hearthline contacts --json`. */
export interface ContactLine {
  number: number
  line: string
  channel: string
  state: string
  outcome: string | null
  risk: string | null
  consent: string | null
  startedAt: string
  answeredAt: string | null
  endedAt: string | null
  recorded: boolean
}

const run = promisify(execFile)
const program = join(import.meta.dirname, '..', '..', 'bin', 'hearthline.js')

/** All contacts, by the product's own command line. */
export const contactsOf = async (product: Product): Promise<ContactLine[]> => {
  const { stdout } = await run(process.execPath, [program, 'contacts', '--json'], {
    env: product.env,
    maxBuffer: 1e8,
  })
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as ContactLine)
    .sort((a, b) => a.number - b.number)
}

/** The newest contact. */
export const latest = async (product: Product): Promise<ContactLine> => {
  const found = (await contactsOf(product)).at(-1)
  if (!found) throw new Error('there is no contact')
  return found
}

/** Waits until `seen` gives something true; the error names what was waited for. */
export const until = async <T>(
  what: string,
  seen: () => Promise<T | false> | T | false,
  withinMs = 15_000,
): Promise<T> => {
  const end = Date.now() + withinMs
  for (;;) {
    const value = await seen()
    if (value !== false) return value
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms for: ${what}`)
    await sleep(100)
  }
}

/** The level of a tone in the last `ms` that a phone heard (0 to about 32,767). */
export const phoneHears = (phone: Phone, hz: number, ms = 600): number => {
  const heard = phone.heard()
  return levelOf(heard.subarray(Math.max(0, heard.length - ms * 8)), hz)
}

/** The root mean square of the last `ms` that a phone heard: whether there is any sound. */
export const loudness = (phone: Phone, ms = 1000): number => {
  const heard = phone.heard()
  const part = heard.subarray(Math.max(0, heard.length - ms * 8))
  return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, part.length))
}

/** A logged-in demo user without a screen: what a test arranges by the API, not what it proves. */
export interface Session {
  ask<T>(method: string, path: string, body?: unknown): Promise<T>
  /** What a GET gives as it is, e.g. sound. */
  bytes(path: string): Promise<Buffer>
  /** Ends the wrap-up at the person's seat, so that the seat is free for the next caller. */
  finishWrapUp(): Promise<void>
}

/** Logs a demo user in. */
export const logInAs = async (product: Pick<Product, 'web'>, name: string): Promise<Session> => {
  const headers: Record<string, string> = { origin: product.web }
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const answer = await fetch(`${product.web}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }
  const entered = await ask('POST', '/session', { name, passphrase: 'hearthline-demo' })
  headers['cookie'] = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
  const json = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    (await (await ask(method, path, body)).json()) as T
  return {
    ask: json,
    bytes: async (path) => Buffer.from(await (await ask('GET', path)).arrayBuffer()),
    async finishWrapUp() {
      const desk = await json<{ duty: { state: string } | null; call: { contactId: string } | null }>(
        'GET',
        '/desk',
      )
      if (desk.duty?.state !== 'wrap-up') return
      await json('POST', `/desk/call/${desk.call?.contactId ?? crypto.randomUUID()}`, {
        command: 'finish-wrap-up',
      })
    },
  }
}
