import { z } from 'zod'
import { applicationJson } from './apps.ts'
import type { Application } from './apps.ts'
import type { Exchange } from './exchange.ts'
import { AriFault, notFound } from './fault.ts'
import { ariTime } from './models.ts'
import { endpointJson, endpointOf, deviceStateOf, tellDevice } from './presence.ts'
import { deleteStored, pauseRecording, recordingOf, soundOfStored, stopRecording } from './recording.ts'
import { done, ok } from './request.ts'
import type { Params } from './request.ts'
import type { Ids, Route } from './routes.ts'
import { store } from './variables.ts'

const fields = z.array(z.object({ attribute: z.string().min(1), value: z.coerce.string() }))
const settable = ['NOT_INUSE', 'INUSE', 'BUSY', 'INVALID', 'UNAVAILABLE', 'RINGING', 'RINGINUSE', 'ONHOLD']
const version = '22.10.1'

/** The operations of ARI that are not about channels and bridges. */
export function systemRoutes(x: Exchange): Route[] {
  return [
    ...playbackRoutes(x),
    ...recordingRoutes(x),
    ...endpointRoutes(x),
    ...deviceRoutes(x),
    ...applicationRoutes(x),
    ...asteriskRoutes(x),
    ...configRoutes(x),
  ]
}

function playbackRoutes(x: Exchange): Route[] {
  const playbackOf = (ids: Ids) => {
    const playback = x.playbacks.get(ids['playbackId'] ?? '')
    if (!playback) throw notFound('Playback')
    return playback
  }
  const path = '/playbacks/{playbackId}'
  return [
    { method: 'GET', path, name: 'playbacks.get', run: (_, ids) => ok(playbackOf(ids).json) },
    {
      method: 'DELETE',
      path,
      name: 'playbacks.stop',
      run: (_, ids) => {
        x.media.stopPlay(playbackOf(ids).json.id)
        return done
      },
    },
  ]
}

function recordingRoutes(x: Exchange): Route[] {
  const path = '/recordings/live/{recordingName}'
  const stored = '/recordings/stored/{recordingName}'
  const stop = (ids: Ids, discard: boolean) => {
    stopRecording(x, recordingOf(x, ids['recordingName']), discard)
    return done
  }
  const pause = (ids: Ids, on: boolean) => {
    pauseRecording(x, recordingOf(x, ids['recordingName']), on)
    return done
  }
  return [
    {
      method: 'GET',
      path,
      name: 'recordings.getLive',
      run: (_, ids) => ok(recordingOf(x, ids['recordingName']).json),
    },
    { method: 'DELETE', path, name: 'recordings.cancel', run: (_, ids) => stop(ids, true) },
    { method: 'POST', path: `${path}/stop`, name: 'recordings.stop', run: (_, ids) => stop(ids, false) },
    {
      method: 'GET',
      path: `${stored}/file`,
      name: 'recordings.getStoredFile',
      run: async (_, ids) => ok(await soundOfStored(x, ids['recordingName'])),
    },
    {
      method: 'DELETE',
      path: stored,
      name: 'recordings.deleteStored',
      run: async (_, ids) => {
        await deleteStored(x, ids['recordingName'])
        return done
      },
    },
    { method: 'POST', path: `${path}/pause`, name: 'recordings.pause', run: (_, ids) => pause(ids, true) },
    {
      method: 'DELETE',
      path: `${path}/pause`,
      name: 'recordings.unpause',
      run: (_, ids) => pause(ids, false),
    },
  ]
}

function endpointRoutes(x: Exchange): Route[] {
  const all = () => ok(x.directory.list().map((endpoint) => endpointJson(x, endpoint)))
  return [
    { method: 'GET', path: '/endpoints', name: 'endpoints.list', run: all },
    {
      method: 'GET',
      path: '/endpoints/{tech}',
      name: 'endpoints.listByTech',
      run: (_, ids) => {
        if (ids['tech'] !== 'PJSIP') throw notFound('Endpoints')
        return all()
      },
    },
    {
      method: 'GET',
      path: '/endpoints/{tech}/{resource}',
      name: 'endpoints.get',
      run: (_, ids) => ok(endpointJson(x, endpointOf(x, ids['tech'], ids['resource']))),
    },
  ]
}

function deviceRoutes(x: Exchange): Route[] {
  const path = '/deviceStates/{deviceName...}'
  const keyOf = (ids: Ids) => {
    const name = ids['deviceName'] ?? ''
    if (!name.startsWith('Stasis:')) throw new AriFault(409, 'Uncontrolled device specified')
    return { name, key: `DEVICE_STATE(${name})` }
  }
  return [
    {
      method: 'GET',
      path: '/deviceStates',
      name: 'deviceStates.list',
      run: () => ok(x.directory.list().map(({ id }) => deviceStateOf(x, `PJSIP/${id}`))),
    },
    {
      method: 'GET',
      path,
      name: 'deviceStates.get',
      run: (_, ids) => ok(deviceStateOf(x, ids['deviceName'] ?? '')),
    },
    {
      method: 'PUT',
      path,
      name: 'deviceStates.update',
      run: ({ params }, ids) => {
        const value = params.need('deviceState')
        if (!settable.includes(value)) throw new AriFault(400, 'deviceState is not valid')
        const { name, key } = keyOf(ids)
        store(x.globals, key, { value, reported: false })
        tellDevice(x, name)
        return done
      },
    },
    {
      method: 'DELETE',
      path,
      name: 'deviceStates.delete',
      run: (_, ids) => {
        const { name, key } = keyOf(ids)
        if (!x.globals.delete(key)) throw notFound('Device name')
        tellDevice(x, name)
        return done
      },
    },
  ]
}

function applicationRoutes(x: Exchange): Route[] {
  const path = '/applications/{applicationName}'
  const appOf = (ids: Ids) => {
    const app = x.apps.get(ids['applicationName'] ?? '')
    if (!app) throw notFound('Application')
    return app
  }
  const change = (params: Params, ids: Ids, on: boolean) => {
    const app = appOf(ids)
    const sources = params.list('eventSource')
    if (!sources.length) throw new AriFault(400, 'Missing parameter.')
    for (const [set, id] of sources.map((source) => sourceOf(x, app, source, on))) {
      if (on) set.add(id)
      else set.delete(id)
    }
    return ok(applicationJson(app))
  }
  return [
    {
      method: 'GET',
      path: '/applications',
      name: 'applications.list',
      run: () => ok(x.apps.list().map(applicationJson)),
    },
    { method: 'GET', path, name: 'applications.get', run: (_, ids) => ok(applicationJson(appOf(ids))) },
    {
      method: 'POST',
      path: `${path}/subscription`,
      name: 'applications.subscribe',
      run: ({ params }, ids) => change(params, ids, true),
    },
    {
      method: 'DELETE',
      path: `${path}/subscription`,
      name: 'applications.unsubscribe',
      run: ({ params }, ids) => change(params, ids, false),
    },
  ]
}

/** The set an event source belongs to: `channel:ID`, `bridge:ID`, `endpoint:PJSIP[/ID]`, `deviceState:NAME`; without id: all. */
function sourceOf(x: Exchange, app: Application, source: string, on: boolean): [Set<string>, string] {
  const colon = source.indexOf(':')
  const scheme = colon < 0 ? source : source.slice(0, colon)
  const id = colon < 0 ? '' : source.slice(colon + 1)
  const must = (known: boolean) => {
    if (on && id !== '' && !known) throw new AriFault(422, 'Event source does not exist')
  }
  switch (scheme) {
    case 'channel':
      must(x.channels.has(id))
      return [app.channels, id]
    case 'bridge':
      must(x.bridges.has(id))
      return [app.bridges, id]
    case 'endpoint': {
      const resource = id.replace(/^PJSIP\//, '')
      must(id === 'PJSIP' || x.directory.endpoint(resource) !== undefined)
      return [app.endpoints, resource]
    }
    case 'deviceState':
      return [app.devices, id]
    default:
      throw new AriFault(400, 'Invalid event source URI')
  }
}

function asteriskRoutes(x: Exchange): Route[] {
  return [
    {
      method: 'GET',
      path: '/asterisk/info',
      name: 'asterisk.getInfo',
      run: ({ params }) => ok(infoOf(x, params.list('only'))),
    },
    {
      method: 'GET',
      path: '/asterisk/ping',
      name: 'asterisk.ping',
      run: () => ok({ asterisk_id: x.apps.asteriskId, ping: 'pong', timestamp: ariTime() }),
    },
    {
      method: 'GET',
      path: '/asterisk/variable',
      name: 'asterisk.getGlobalVar',
      run: async ({ params }) => ok({ value: await globalOf(x, params.need('variable')) }),
    },
    {
      method: 'POST',
      path: '/asterisk/variable',
      name: 'asterisk.setGlobalVar',
      run: ({ params }) => {
        const value = { value: params.text('value') ?? '', reported: false }
        store(x.globals, params.need('variable'), value)
        return done
      },
    },
  ]
}

/** A global variable. `COUNTS` is what is open in this process, as JSON: figures only, nothing about anybody. */
async function globalOf(x: Exchange, name: string): Promise<string> {
  if (name !== 'COUNTS') return x.globals.get(name)?.value ?? ''
  const channels = x.channels.size
  const counts = { channels, bridges: x.bridges.size, parked: x.parked.size, sip: x.sip.counts() }
  return JSON.stringify({ ...counts, media: await x.media.counts() })
}

function infoOf(x: Exchange, only: string[]): object {
  const info = {
    build: { os: process.platform, kernel: '', machine: process.arch, options: '', date: '', user: '' },
    system: { version, entity_id: x.apps.asteriskId },
    config: { name: 'hearthline', default_language: 'en', setid: { user: '', group: '' } },
    status: { startup_time: ariTime(x.started), last_reload_time: ariTime(x.started) },
  }
  if (!only.length) return info
  return Object.fromEntries(Object.entries(info).filter(([name]) => only.includes(name)))
}

function configRoutes(x: Exchange): Route[] {
  const path = '/asterisk/config/dynamic/{configClass}/{objectType}/{id}'
  const of = (ids: Ids): [string, string] => {
    if (ids['configClass'] !== 'res_pjsip') throw notFound('Config class')
    return [ids['objectType'] ?? '', ids['id'] ?? '']
  }
  return [
    { method: 'GET', path, name: 'asterisk.getObject', run: (_, ids) => ok(x.directory.get(...of(ids))) },
    {
      method: 'PUT',
      path,
      name: 'asterisk.updateObject',
      run: ({ params }, ids) => {
        const parsed = fields.safeParse(params.object('fields') ?? [])
        if (!parsed.success) throw new AriFault(400, 'fields must be a list of attribute and value')
        return ok(x.directory.put(...of(ids), parsed.data))
      },
    },
    {
      method: 'DELETE',
      path,
      name: 'asterisk.deleteObject',
      run: (_, ids) => {
        x.directory.remove(...of(ids))
        return done
      },
    },
  ]
}
