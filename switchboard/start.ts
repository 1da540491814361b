import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { Applications } from './ari/apps.ts'
import { bridgeRoutes } from './ari/bridge-routes.ts'
import { channelRoutes } from './ari/channel-routes.ts'
import { Directory } from './ari/directory.ts'
import { openDoor } from './ari/door.ts'
import type { Door } from './ari/door.ts'
import type { Exchange } from './ari/exchange.ts'
import { giveUpIfLost, mediaHappened } from './ari/media-events.ts'
import { takeCall } from './ari/inbound.ts'
import { contactChanged, deviceUsed, trunkChanged } from './ari/presence.ts'
import { Routes } from './ari/routes.ts'
import { closeSpoken, openSpoken } from './ari/spoken.ts'
import { presenceChanged } from './ari/stasis.ts'
import { systemRoutes } from './ari/system-routes.ts'
import { CallRecords } from './cdr.ts'
import type { SwitchboardConfig } from './config.ts'
import type { Log } from './log.ts'
import { startMediaEngine } from './media/engine.ts'
import type { MediaEngine } from './media/engine.ts'
import type { MediaEvent } from './media/messages.ts'
import type { CallHandlers, InboundCall, SipHandlers, SipStack } from './sip/contract.ts'
import { startSipStack } from './sip/stack.ts'

/** A switchboard that serves. */
export interface Switchboard {
  /** Ports really bound. */
  ports: { ari: number; sip: number; tls: number | null; ws: number | null }
  /** Hangs up what is going on, writes the last records, and closes everything. */
  stop(): Promise<void>
}

/** Why the switchboard could not start, in one sentence for the operator. */
export class StartError extends Error {}

const asteriskId = 'hearthline'

/** Starts everything: sound, SIP, ARI. Throws StartError when a port is taken; nothing is left open then. */
export async function startSwitchboard(config: SwitchboardConfig, log: Log): Promise<Switchboard> {
  let exchange: Exchange | null = null
  const media = await startMedia(config, (event) => {
    if (exchange) guard(log, exchange, (x) => mediaHappened(x, event))
  })
  try {
    const sip = await startSip(config, log, () => exchange)
    try {
      exchange = makeExchange(config, log, media, sip)
      const door = await openAri(exchange)
      return running(exchange, door)
    } catch (error) {
      await sip.stop(0)
      throw error
    }
  } catch (error) {
    await media.close()
    throw error
  }
}

async function startMedia(
  config: SwitchboardConfig,
  onEvent: (event: MediaEvent) => void,
): Promise<MediaEngine> {
  const { host, publicAddress, rtpPorts } = config
  const ports = { from: rtpPorts.first, to: rtpPorts.last }
  return startMediaEngine({ bind: host, publicAddress: publicAddress ?? ownAddress(host), ports }, onEvent)
}

/** The address to write into SDP when none is set: the one bound, or this machine's first when all are bound. */
function ownAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find((one) => one.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.1'
}

async function startSip(
  config: SwitchboardConfig,
  log: Log,
  current: () => Exchange | null,
): Promise<SipStack> {
  const options = {
    host: config.host,
    publicAddress: config.publicAddress,
    port: config.sipPort,
    realm: config.realm,
    digests: config.digests,
    acceptAnonymous: config.acceptAnonymous,
    ...(config.tls ? { tls: config.tls } : {}),
    ...(config.sipWsPort === null ? {} : { wsPort: config.sipWsPort }),
    log: (message: string, fields?: Record<string, string | number>) => log.info(fields ?? {}, message),
  }
  try {
    return await startSipStack(options, sipHandlers(log, current))
  } catch (error) {
    throw taken(error, `SIP port ${config.sipPort}`)
  }
}

function sipHandlers(log: Log, current: () => Exchange | null): SipHandlers {
  const withExchange = (act: (x: Exchange) => void) => {
    const x = current()
    if (x) guard(log, x, act)
  }
  return {
    invite: (call) => invited(log, current(), call),
    registered: (registration, refresh) => {
      if (!refresh) withExchange((x) => contactChanged(x, registration, true))
    },
    unregistered: (registration, reason) => {
      if (reason !== 'replaced') withExchange((x) => contactChanged(x, registration, false))
    },
    flowClosed: ({ calls }) =>
      withExchange((x) => {
        for (const channel of x.channels.values()) {
          if (!channel.call || !calls.includes(channel.call)) continue
          channel.flowLost = true
          giveUpIfLost(x, channel)
        }
      }),
    trunkState: (state) => withExchange((x) => trunkChanged(x, state)),
  }
}

function invited(log: Log, x: Exchange | null, call: InboundCall): CallHandlers {
  const nothing: CallHandlers = { ended: () => undefined }
  if (!x) {
    call.reject(503)
    return nothing
  }
  try {
    return takeCall(x, call)
  } catch (error) {
    log.error({ err: error }, 'a call could not be taken')
    call.reject(500)
    return nothing
  }
}

/** A fault in one call ends at most that call, never the process. */
function guard(log: Log, x: Exchange, act: (x: Exchange) => void): void {
  try {
    act(x)
  } catch (error) {
    log.error({ err: error }, 'an event could not be handled')
  }
}

function makeExchange(config: SwitchboardConfig, log: Log, media: MediaEngine, sip: SipStack): Exchange {
  const x: Exchange = {
    config: { ...config, data: resolve(config.data) },
    log,
    apps: new Applications(asteriskId),
    records: new CallRecords(config.data, log),
    media,
    sip,
    directory: new Directory(sip),
    channels: new Map(),
    bridges: new Map(),
    playbacks: new Map(),
    recordings: new Map(),
    spoken: openSpoken(config.data),
    globals: new Map(),
    parked: new Set(),
    started: new Date(),
    devicesTold: new Map(),
    onChannels: (channel) => deviceUsed(x, `PJSIP/${channel.resource}`),
    sequence: 0,
  }
  x.apps.onPresence = (name, connected) => {
    log.info({ connected }, 'an application came or went')
    guard(log, x, () => presenceChanged(x, name, connected))
  }
  return x
}

async function openAri(x: Exchange): Promise<Door> {
  const { port, user, password } = x.config.ari
  const routes = new Routes([...channelRoutes(x), ...bridgeRoutes(x), ...systemRoutes(x)])
  const { apps, log } = x
  try {
    return await openDoor({
      host: '127.0.0.1',
      port,
      user,
      password,
      asteriskId,
      apps,
      log,
      run: (request) => routes.run(request),
    })
  } catch (error) {
    throw taken(error, `ARI port ${port}`)
  }
}

function running(x: Exchange, door: Door): Switchboard {
  const { sip } = x
  return {
    ports: { ari: door.port, ...sip.ports },
    stop: async () => {
      await sip.stop()
      await x.media.close()
      closeSpoken(x.spoken)
      await x.records.flush()
      await door.close()
    },
  }
}

/** Says in one sentence which door could not be opened. */
function taken(error: unknown, door: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const port = error instanceof Error && 'port' in error ? ` (${String(error.port)})` : ''
  if (code === 'EADDRINUSE') return new StartError(`${door} is taken${port}: another program listens there`)
  if (code === 'EACCES') return new StartError(`${door} may not be opened by this user${port}`)
  if (code === 'EADDRNOTAVAIL') return new StartError(`${door}: this machine has no such address${port}`)
  return error
}
