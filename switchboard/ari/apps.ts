import { ariTime } from './models.ts'
import type { AriEvent } from './models.ts'

/** Where an application's events go. */
export interface EventSocket {
  send(text: string): void
  close(): void
}

/** What an event is about, to find the applications that asked for it. */
export interface Subjects {
  channels?: readonly string[]
  bridges?: readonly string[]
  endpoints?: readonly string[]
  devices?: readonly string[]
}

/** One Stasis application: its socket while connected, and what it is subscribed to. Outlives its socket. */
export interface Application {
  name: string
  socket: EventSocket | null
  all: boolean
  channels: Set<string>
  bridges: Set<string>
  /** Resources, or `PJSIP` for all of them. */
  endpoints: Set<string>
  devices: Set<string>
}

const everything = ''

/** The applications known to the switchboard, and the delivery of events to them. Nothing is kept for one that is away. */
export class Applications {
  private readonly apps = new Map<string, Application>()
  readonly asteriskId: string
  /** Called when an application's socket opened or closed. */
  onPresence: (name: string, connected: boolean) => void = () => undefined

  constructor(asteriskId: string) {
    this.asteriskId = asteriskId
  }

  /** The application of this name, made when it is new. */
  ensure(name: string): Application {
    const known = this.apps.get(name)
    if (known) return known
    const app: Application = {
      name,
      socket: null,
      all: false,
      channels: new Set(),
      bridges: new Set(),
      endpoints: new Set(),
      devices: new Set(),
    }
    this.apps.set(name, app)
    return app
  }

  get(name: string): Application | undefined {
    return this.apps.get(name)
  }

  list(): Application[] {
    return [...this.apps.values()]
  }

  connected(name: string): boolean {
    return (this.apps.get(name)?.socket ?? null) !== null
  }

  /** Gives an application its socket; an older socket of the same name is told and closed. */
  connect(name: string, socket: EventSocket, all: boolean): void {
    const app = this.ensure(name)
    const former = app.socket
    if (former && former !== socket) {
      this.write(app, { type: 'ApplicationReplaced' })
      former.close()
    }
    app.socket = socket
    app.all = all
    this.onPresence(name, true)
  }

  /** The socket is gone; an application that never had anything is forgotten. */
  disconnect(name: string, socket: EventSocket): void {
    const app = this.apps.get(name)
    if (!app || app.socket !== socket) return
    app.socket = null
    if (!app.channels.size && !app.bridges.size && !app.endpoints.size && !app.devices.size)
      this.apps.delete(name)
    this.onPresence(name, false)
  }

  /** Sends an event to every application that is subscribed to one of its subjects. */
  emit(event: AriEvent, about: Subjects): void {
    for (const app of this.apps.values()) if (app.socket && wants(app, about)) this.write(app, event)
  }

  /** Sends an event to one application; nothing happens when it is away. */
  tell(name: string, event: AriEvent): void {
    const app = this.apps.get(name)
    if (app) this.write(app, event)
  }

  /** Takes a channel that is gone out of every subscription. */
  forgetChannel(id: string): void {
    for (const app of this.apps.values()) app.channels.delete(id)
  }

  /** Takes a bridge that is gone out of every subscription. */
  forgetBridge(id: string): void {
    for (const app of this.apps.values()) app.bridges.delete(id)
  }

  private write(app: Application, event: AriEvent): void {
    if (!app.socket) return
    const more = { timestamp: ariTime(), asterisk_id: this.asteriskId, application: app.name }
    // Put together as texts: to copy a large object costs more than to write it.
    app.socket.send(`${JSON.stringify(event).slice(0, -1)},${JSON.stringify(more).slice(1)}`)
  }
}

function wants(app: Application, about: Subjects): boolean {
  if (app.all) return true
  const has = (set: Set<string>, ids: readonly string[] | undefined) =>
    ids !== undefined && ids.length > 0 && (set.has(everything) || ids.some((id) => set.has(id)))
  return (
    has(app.channels, about.channels) ||
    has(app.bridges, about.bridges) ||
    has(app.devices, about.devices) ||
    has(app.endpoints, about.endpoints) ||
    (about.endpoints !== undefined && app.endpoints.has('PJSIP'))
  )
}

/** JSON of an application (`GET /applications/{name}`). */
export function applicationJson(app: Application): Record<string, unknown> {
  return {
    name: app.name,
    channel_ids: [...app.channels],
    bridge_ids: [...app.bridges],
    endpoint_ids: [...app.endpoints].map((id) => (id === 'PJSIP' || id === everything ? id : `PJSIP/${id}`)),
    device_names: [...app.devices],
    events_allowed: [],
    events_disallowed: [],
  }
}
