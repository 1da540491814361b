/** A Stasis application in tests: the events socket, requests over it and over HTTP, and a memory of events. */
import { WebSocket } from 'ws'
import { until } from './phone.ts'

/** An event as it came. */
export type SeenEvent = Record<string, unknown> & { type: string }

/** What a request was answered. */
export interface Answer {
  status: number
  body: Record<string, unknown>
}

/** A connected application. */
export interface TestApp {
  events: SeenEvent[]
  /** A request over the events socket. */
  ask(method: string, uri: string, body?: Record<string, unknown>): Promise<Answer>
  /** The first event of a type (and, when given, that fits) which has not been taken yet. */
  event(type: string, fits?: (event: SeenEvent) => boolean): Promise<SeenEvent>
  close(): Promise<void>
  closed: Promise<void>
}

/** A member of an event or answer, as an object. */
export const part = (of: Record<string, unknown>, name: string): Record<string, unknown> =>
  (of[name] ?? {}) as Record<string, unknown>

/** Id of the channel an event is about. */
export const channelId = (event: SeenEvent): string => String(part(event, 'channel')['id'])

const key = 'test:secret'

/** A request over HTTP. */
export async function http(port: number, method: string, uri: string, body?: object): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/ari/${uri}`, {
    method,
    headers: { authorization: `Basic ${btoa(key)}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

/** Connects an application. */
export async function connectApp(port: number, name = 'hotline', all = false): Promise<TestApp> {
  const socket = new WebSocket(
    `ws://127.0.0.1:${port}/ari/events?app=${name}&subscribeAll=${all}&api_key=${key}`,
  )
  const events: SeenEvent[] = []
  const taken = new Set<SeenEvent>()
  const answers = new Map<string, (answer: Answer) => void>()
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('message', (data: Buffer) => {
    const message: SeenEvent = JSON.parse(data.toString())
    if (message.type !== 'RESTResponse') events.push(message)
    else {
      const text = message['message_body']
      const body = typeof text === 'string' ? JSON.parse(text) : {}
      answers.get(String(message['request_id']))?.({ status: Number(message['status_code']), body })
    }
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => resolve())
    socket.on('error', reject)
  })
  let asked = 0
  return {
    events,
    closed,
    ask: (method, uri, body) =>
      new Promise((resolve) => {
        const id = String(++asked)
        answers.set(id, resolve)
        const json = body ? { content_type: 'application/json', message_body: JSON.stringify(body) } : {}
        socket.send(JSON.stringify({ type: 'RESTRequest', request_id: id, method, uri, ...json }))
      }),
    event: async (type, fits = () => true) => {
      const find = () => events.find((one) => one.type === type && !taken.has(one) && fits(one))
      await until(`event ${type}`, () => find() !== undefined)
      const found = find()
      if (!found) throw new Error('no event')
      taken.add(found)
      return found
    },
    close: async () => {
      socket.close()
      await closed
    },
  }
}
