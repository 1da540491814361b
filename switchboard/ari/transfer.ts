import type { ReferRequest } from '../sip/contract.ts'
import { bridgeJson, channelJson } from './channel.ts'
import type { Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'
import { AriFault } from './fault.ts'

const progress: Record<string, readonly [number, string]> = {
  channel_progress: [100, 'Trying'],
  channel_answered: [200, 'OK'],
  channel_unavailable: [503, 'Service Unavailable'],
  channel_declined: [603, 'Decline'],
}

/** A phone pressed its transfer key (REFER): the application is asked, and nothing happens by itself. */
export function transferAsked(x: Exchange, channel: Channel, request: ReferRequest): void {
  if (channel.app === null || !x.apps.connected(channel.app)) return request.reject(503)
  channel.transfer = request.accept()
  const { replaces } = request
  const replaced = replaces ? channelOfCall(x, request) : null
  x.apps.emit(
    {
      type: 'ChannelTransfer',
      state: 'channel_progress',
      refer_to: {
        requested_destination: {
          destination: request.user,
          ...(replaces ? { protocol_id: replaces.callId } : {}),
          additional_protocol_params: replaces
            ? [
                { parameter_name: 'to-tag', parameter_value: replaces.toTag },
                { parameter_name: 'from-tag', parameter_value: replaces.fromTag },
              ]
            : [],
        },
        ...(replaced ? { destination_channel: channelJson(replaced), ...around(replaced) } : {}),
      },
      referred_by: { source_channel: channelJson(channel), ...around(channel) },
    },
    { channels: [channel.id] },
  )
}

function channelOfCall(x: Exchange, request: ReferRequest): Channel | null {
  const call = request.replaces && x.sip.findCall(request.replaces)
  return [...x.channels.values()].find((one) => call !== null && one.call === call) ?? null
}

/** The bridge a channel is in, and the other party there. */
function around(channel: Channel): object {
  const { bridge } = channel
  if (!bridge) return {}
  const other = [...bridge.members].find((one) => one !== channel && one.kind === 'sip')
  return { bridge: bridgeJson(bridge), ...(other ? { connected_channel: channelJson(other) } : {}) }
}

/** Tells the phone that asked for a transfer how it goes (NOTIFY with a sipfrag, RFC 3515). */
export function reportTransfer(channel: Channel, state: string): void {
  const found = progress[state]
  if (!found) throw new AriFault(400, 'states is not valid')
  if (!channel.transfer) throw new AriFault(409, 'Channel has asked for no transfer')
  const [status, reason] = found
  channel.transfer.notify(status, reason)
  if (status >= 200) channel.transfer = null
}
