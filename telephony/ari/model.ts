import { z } from 'zod'

/** The part of ARI's channel that we read. */
export const channelSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  caller: z.object({ name: z.string().default(''), number: z.string().default('') }),
  accountcode: z.string().default(''),
  creationtime: z.string().optional(),
  dialplan: z.object({ exten: z.string().default('') }).optional(),
  channelvars: z.record(z.string(), z.string()).optional(),
})
export type Channel = z.infer<typeof channelSchema>

/** The part of ARI's bridge that we read. */
export const bridgeSchema = z.object({
  id: z.string(),
  bridge_type: z.string(),
  channels: z.array(z.string()),
})
export type Bridge = z.infer<typeof bridgeSchema>

/** A device or trunk and whether it can be reached. */
export const endpointSchema = z.object({ resource: z.string(), state: z.string().optional() })

/** Value of one channel or bridge variable. */
export const variableSchema = z.object({ value: z.string() })

/** Channels and bridges that belong to an application. */
export const applicationSchema = z.object({
  channel_ids: z.array(z.string()),
  bridge_ids: z.array(z.string()),
})

/** RTP figures of a channel; ARI leaves out what it does not know. `rtt` and jitter are seconds. */
export const rtpStatisticsSchema = z.object({
  rxcount: z.number().optional(),
  rxploss: z.number().optional(),
  rxjitter: z.number().optional(),
  txcount: z.number().optional(),
  txploss: z.number().optional(),
  txjitter: z.number().optional(),
  rtt: z.number().optional(),
})

const withChannel = { channel: channelSchema }
const withBridge = { bridge: bridgeSchema }
const playback = z.object({ id: z.string(), state: z.string() })
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), ...shape })

/** The events we act on; all others are ignored. */
export const eventSchema = z.discriminatedUnion('type', [
  event('StasisStart', { ...withChannel, args: z.array(z.string()).default([]) }),
  event('StasisEnd', withChannel),
  event('ChannelStateChange', withChannel),
  event('ChannelHangupRequest', { ...withChannel, cause: z.number().optional() }),
  event('ChannelDestroyed', { ...withChannel, cause: z.number(), tech_cause: z.number().optional() }),
  event('ChannelDtmfReceived', { ...withChannel, digit: z.string() }),
  event('ChannelHold', withChannel),
  event('ChannelUnhold', withChannel),
  event('ChannelTalkingStarted', withChannel),
  event('ChannelTalkingFinished', withChannel),
  event('ChannelEnteredBridge', { ...withBridge, channel: channelSchema.optional() }),
  event('ChannelLeftBridge', { ...withBridge, ...withChannel }),
  event('BridgeDestroyed', withBridge),
  event('PlaybackFinished', { playback }),
  event('ChannelTransfer', {
    refer_to: z.object({
      requested_destination: z.object({ destination: z.string() }).optional(),
      destination_channel: z.object({ id: z.string() }).optional(),
    }),
    referred_by: z.object({ source_channel: z.object({ id: z.string() }) }),
  }),
  event('DeviceStateChanged', { device_state: z.object({ name: z.string(), state: z.string() }) }),
  event('ApplicationReplaced', {}),
])
/** An event we act on. */
export type AriEvent = z.infer<typeof eventSchema>

const known = new Set<unknown>(eventSchema.options.map((option) => option.shape.type.value))

/** The event, null for a kind we do not use, or its kind as `unreadable` when its shape is not what ARI promises. */
export function readEvent(message: unknown): AriEvent | null | { unreadable: string } {
  if (typeof message !== 'object' || message === null || !('type' in message)) return { unreadable: '?' }
  if (!known.has(message.type)) return null
  const parsed = eventSchema.safeParse(message)
  return parsed.success ? parsed.data : { unreadable: String(message.type) }
}
