import { AriFault, leftOut } from './fault.ts'
import type { AriRequest, AriResponse } from './request.ts'

/** Values of the `{...}` parts of a route's path. */
export type Ids = Readonly<Record<string, string>>

/** One ARI operation. */
export interface Route {
  method: string
  /** As in Asterisk's documents, e.g. `/channels/{channelId}/answer`; `{rest...}` at the end takes what is left. */
  path: string
  /** Asterisk's nickname of the operation. */
  name: string
  run: (request: AriRequest, ids: Ids) => AriResponse | Promise<AriResponse>
}

interface Known {
  method: string
  name: string
  parts: string[]
  /** Its last part takes all that is left. */
  open: boolean
  run: Route['run']
}

/** Operations of Asterisk 22 that are left out on purpose; each answers 501 with its name. */
const omitted: readonly (readonly [string, string, string])[] = [
  ['POST', '/channels/{channelId}/continue', 'channels.continueInDialplan'],
  ['POST', '/channels/{channelId}/move', 'channels.move'],
  ['POST', '/channels/{channelId}/redirect', 'channels.redirect'],
  ['POST', '/bridges/{bridgeId}/videoSource/{channelId}', 'bridges.setVideoSource'],
  ['DELETE', '/bridges/{bridgeId}/videoSource', 'bridges.clearVideoSource'],
  ['PUT', '/applications/{applicationName}/eventFilter', 'applications.filter'],
  ['POST', '/events/user/{eventName}', 'events.userEvent'],
  ['POST', '/events/claim', 'events.claim'],
  ['PUT', '/endpoints/sendMessage', 'endpoints.sendMessage'],
  ['POST', '/endpoints/refer', 'endpoints.refer'],
  ['PUT', '/endpoints/{tech}/{resource}/sendMessage', 'endpoints.sendMessageToEndpoint'],
  ['POST', '/endpoints/{tech}/{resource}/refer', 'endpoints.referToEndpoint'],
  ['GET', '/sounds', 'sounds.list'],
  ['GET', '/sounds/{soundId}', 'sounds.get'],
  ['GET', '/mailboxes', 'mailboxes.list'],
  ['GET', '/mailboxes/{mailboxName}', 'mailboxes.get'],
  ['PUT', '/mailboxes/{mailboxName}', 'mailboxes.update'],
  ['DELETE', '/mailboxes/{mailboxName}', 'mailboxes.delete'],
  ['GET', '/recordings/stored', 'recordings.listStored'],
  ['GET', '/recordings/stored/{recordingName}', 'recordings.getStored'],
  ['POST', '/recordings/stored/{recordingName}/copy', 'recordings.copyStored'],
  ['POST', '/recordings/live/{recordingName}/mute', 'recordings.mute'],
  ['DELETE', '/recordings/live/{recordingName}/mute', 'recordings.unmute'],
  ['POST', '/playbacks/{playbackId}/control', 'playbacks.control'],
  ['GET', '/asterisk/modules', 'asterisk.listModules'],
  ['GET', '/asterisk/modules/{moduleName}', 'asterisk.getModule'],
  ['POST', '/asterisk/modules/{moduleName}', 'asterisk.loadModule'],
  ['DELETE', '/asterisk/modules/{moduleName}', 'asterisk.unloadModule'],
  ['PUT', '/asterisk/modules/{moduleName}', 'asterisk.reloadModule'],
  ['GET', '/asterisk/logging', 'asterisk.listLogChannels'],
  ['POST', '/asterisk/logging/{logChannelName}', 'asterisk.addLog'],
  ['DELETE', '/asterisk/logging/{logChannelName}', 'asterisk.deleteLog'],
  ['PUT', '/asterisk/logging/{logChannelName}/rotate', 'asterisk.rotateLog'],
]

const left: Route[] = omitted.map(([method, path, name]) => ({
  method,
  path,
  name,
  run: () => {
    throw leftOut(name)
  },
}))

const split = (path: string) => path.split('/').filter((part) => part !== '')
const isId = (part: string | undefined) => part?.startsWith('{') ?? false

function fits({ parts, open }: Known, path: readonly string[]): boolean {
  if (open ? path.length < parts.length : path.length !== parts.length) return false
  for (let at = 0; at < parts.length; at++) if (!isId(parts[at]) && parts[at] !== path[at]) return false
  return true
}

function idsOf({ parts, open }: Known, path: readonly string[]): Ids {
  const ids: Record<string, string> = {}
  parts.forEach((part, at) => {
    if (open && at === parts.length - 1) ids[part.slice(1, -4)] = path.slice(at).join('/')
    else if (isId(part)) ids[part.slice(1, -1)] = path[at] ?? ''
  })
  return ids
}

/** The one table of operations, for HTTP and for requests over the events socket alike. */
export class Routes {
  /** By the first word of their paths, which is never an id. */
  private readonly known = new Map<string, Known[]>()

  constructor(served: readonly Route[]) {
    for (const route of [...served, ...left]) {
      const parts = split(route.path)
      const first = parts[0] ?? ''
      const others = this.known.get(first) ?? []
      this.known.set(first, [...others, { ...route, parts, open: parts.at(-1)?.endsWith('...}') ?? false }])
    }
  }

  /** Carries out a request. Throws AriFault: 404 for an unknown path, 405 for a wrong method, 501 for what is left out. */
  async run(request: AriRequest): Promise<AriResponse> {
    let pathKnown = false
    for (const route of this.known.get(request.path[0] ?? '') ?? []) {
      if (!fits(route, request.path)) continue
      if (route.method === request.method) return route.run(request, idsOf(route, request.path))
      pathKnown = true
    }
    throw pathKnown ? new AriFault(405, 'Invalid method') : new AriFault(404, 'Resource not found')
  }
}
