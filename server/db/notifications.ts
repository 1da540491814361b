import pg from 'pg'

type Handler = (payload: string) => void
type Subscription = { channel: string; handler: Handler; onGap: (() => void) | undefined }

/** One connection that only listens. */
export interface Listening {
  add(channel: string, handler: Handler, onGap?: () => void): () => void
  close(): Promise<void>
}

const retryMs = 500

/** Listens on channels by one connection of its own and reconnects for ever, telling subscribers of the gap. */
export function startListening(settings: pg.ClientConfig, log: (message: string) => void): Listening {
  const subscriptions = new Set<Subscription>()
  let client: pg.Client | null = null
  let closed = false
  let timer: NodeJS.Timeout | null = null
  let first = true

  const retry = (): void => {
    client = null
    if (closed || timer) return
    timer = setTimeout(() => {
      timer = null
      void connect()
    }, retryMs)
  }

  async function connect(): Promise<void> {
    const fresh = new pg.Client(settings)
    let lost = false
    const lose = (): void => {
      if (lost) return
      lost = true
      if (!closed) log('the listening database connection was lost')
      retry()
    }
    fresh.on('error', lose)
    fresh.on('end', lose)
    fresh.on('notification', ({ channel, payload }) => {
      for (const one of subscriptions) if (one.channel === channel) one.handler(payload ?? '')
    })
    try {
      await fresh.connect()
      client = fresh
      for (const channel of new Set([...subscriptions].map((one) => one.channel))) await tune(fresh, channel)
      if (!first) for (const one of subscriptions) one.onGap?.()
      first = false
    } catch {
      await fresh.end().catch(() => undefined)
      lose()
    }
  }

  void connect()
  return {
    add(channel, handler, onGap) {
      const subscription = { channel, handler, onGap }
      subscriptions.add(subscription)
      // A failure here is the connection's: it reconnects and listens to everything again.
      if (client) tune(client, channel).catch(() => undefined)
      return () => {
        subscriptions.delete(subscription)
      }
    },
    async close() {
      closed = true
      if (timer) clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}

async function tune(client: pg.Client, channel: string): Promise<void> {
  await client.query(`listen ${client.escapeIdentifier(channel)}`)
}
