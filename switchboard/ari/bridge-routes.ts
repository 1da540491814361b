import { addToBridge, createBridge, destroyBridge, removeFromBridge } from './bridge.ts'
import { bridgeJson } from './channel.ts'
import type { Bridge, Channel } from './channel.ts'
import { bridgeOf } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'
import { startPlayback } from './playback.ts'
import { startRecording } from './recording.ts'
import { done, ok } from './request.ts'
import type { AriRequest, AriResponse, Params } from './request.ts'
import type { Ids, Route } from './routes.ts'
import { readBridgeVariable, store, variablesOf } from './variables.ts'

type Act = (bridge: Bridge, params: Params, ids: Ids) => AriResponse | void

function onBridge(x: Exchange, method: string, path: string, name: string, act: Act): Route {
  const run = ({ params }: AriRequest, ids: Ids) => act(bridgeOf(x, ids['bridgeId']), params, ids) ?? done
  return { method, path: `/bridges/{bridgeId}${path}`, name: `bridges.${name}`, run }
}

/** The `/bridges` operations of ARI. */
export function bridgeRoutes(x: Exchange): Route[] {
  const create = (request: AriRequest, id: string | undefined) => ok(bridgeJson(open(x, request, id)))
  return [
    {
      method: 'GET',
      path: '/bridges',
      name: 'bridges.list',
      run: () => ok([...x.bridges.values()].map(bridgeJson)),
    },
    {
      method: 'POST',
      path: '/bridges',
      name: 'bridges.create',
      run: (request) => create(request, request.params.text('bridgeId')),
    },
    {
      method: 'POST',
      path: '/bridges/{bridgeId}',
      name: 'bridges.createWithId',
      run: (request, ids) => create(request, ids['bridgeId']),
    },
    onBridge(x, 'GET', '', 'get', (bridge) => ok(bridgeJson(bridge))),
    onBridge(x, 'DELETE', '', 'destroy', (bridge) => destroyBridge(x, bridge)),
    onBridge(x, 'POST', '/addChannel', 'addChannel', (bridge, params) => add(x, bridge, params)),
    onBridge(x, 'POST', '/removeChannel', 'removeChannel', (bridge, params) => remove(x, bridge, params)),
    ...soundRoutes(x),
    ...variableRoutes(x),
  ]
}

function open(x: Exchange, request: AriRequest, id: string | undefined): Bridge {
  const { params, app } = request
  const variables = variablesOf(params.object('variables'))
  const bridge = createBridge(x, id, params.list('type'), params.text('name') ?? '')
  for (const [name, value] of variables) store(bridge.variables, name, value)
  if (app !== null) x.apps.ensure(app).bridges.add(bridge.id)
  return bridge
}

function channelsOf(x: Exchange, params: Params): Channel[] {
  const ids = params.list('channel')
  if (!ids.length) throw new AriFault(400, 'channel is required')
  return ids.map((id) => {
    const channel = x.channels.get(id)
    if (!channel) throw new AriFault(400, 'Channel not found')
    return channel
  })
}

function add(x: Exchange, bridge: Bridge, params: Params): void {
  const channels = channelsOf(x, params)
  if (channels.some((channel) => channel.app === null))
    throw new AriFault(422, 'Channel not in Stasis application')
  for (const channel of channels) addToBridge(x, bridge, channel, params.flag('mute'))
}

function remove(x: Exchange, bridge: Bridge, params: Params): void {
  const channels = channelsOf(x, params)
  if (channels.some((channel) => channel.bridge !== bridge))
    throw new AriFault(422, 'Channel not in this bridge')
  for (const channel of channels) removeFromBridge(x, channel)
}

function soundRoutes(x: Exchange): Route[] {
  const play: Act = (bridge, params, ids) => {
    const id = ids['playbackId'] ?? params.text('playbackId')
    return {
      status: 201,
      body: startPlayback(x, bridge, params.list('media'), id, params.text('lang') ?? 'en'),
    }
  }
  return [
    onBridge(x, 'POST', '/moh', 'startMoh', (bridge) => x.media.music({ bridge: bridge.id }, x.config.music)),
    onBridge(x, 'DELETE', '/moh', 'stopMoh', (bridge) => x.media.music({ bridge: bridge.id }, null)),
    onBridge(x, 'POST', '/play', 'play', play),
    onBridge(x, 'POST', '/play/{playbackId}', 'playWithId', play),
    onBridge(x, 'POST', '/record', 'record', (bridge, params) => ({
      status: 201,
      body: startRecording(x, bridge, params),
    })),
  ]
}

function variableRoutes(x: Exchange): Route[] {
  return [
    onBridge(x, 'GET', '/variable', 'getBridgeVar', (bridge, params) =>
      ok({ value: readBridgeVariable(bridge, params.need('variable')) }),
    ),
    onBridge(x, 'POST', '/variable', 'setBridgeVar', (bridge, params) => {
      const value = { value: params.text('value') ?? '', reported: params.flag('report_events') }
      store(bridge.variables, params.need('variable'), value)
    }),
    onBridge(x, 'GET', '/variables', 'getBridgeVars', (bridge, params) => {
      const names = params.list('variables').map((name) => name.trim())
      return ok({
        variables: Object.fromEntries(names.map((name) => [name, readBridgeVariable(bridge, name)])),
      })
    }),
    onBridge(x, 'POST', '/variables', 'setBridgeVars', (bridge, params) => {
      for (const [name, value] of variablesOf(params.object('variables')))
        store(bridge.variables, name, value)
    }),
  ]
}
