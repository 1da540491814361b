import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { DigestAlgorithm } from './sip/contract.ts'

/** Settings of the switchboard, all from the environment. */
export interface SwitchboardConfig {
  /** Address of SIP and RTP. */
  host: string
  /** Address to put into SDP and Contact; null takes the local one nearest to the peer. */
  publicAddress: string | null
  sipPort: number
  tls: { port: number; cert: string; key: string } | null
  /** Plain WebSocket for SIP on 127.0.0.1, to which the web server pipes `/sip`; null: none. */
  sipWsPort: number | null
  rtpPorts: { first: number; last: number }
  realm: string
  /** What a challenge asks for, the best first (RFC 8760). */
  digests: DigestAlgorithm[]
  /** Calls from nobody we know are taken (loopback, demo) or refused. */
  acceptAnonymous: boolean
  ari: { port: number; user: string; password: string; app: string }
  /** Data folder; call-detail records are written below it. */
  data: string
  /** `ws://...` of the recorder, the connection named `recorder` of externalMedia; null: none. */
  recorderUrl: string | null
  /** WAV played to callers while no application is connected, and what they hear then and on hold. */
  fallbackSound: string | null
  music: string | null
  logLevel: string
}

/** A setting that cannot be used, told in one sentence. */
export class ConfigError extends Error {}

const port = z.coerce.number().int().min(0).max(65535)
const text = z.string().trim().min(1)
const loopback = ['127.0.0.1', 'localhost', '::1']

const environment = z.object({
  HEARTHLINE_HOST: text.default('127.0.0.1'),
  HEARTHLINE_PUBLIC_ADDRESS: text.optional(),
  HEARTHLINE_SIP_PORT: port.default(5060),
  HEARTHLINE_SIPS_PORT: port.default(5061),
  HEARTHLINE_SIP_WS_PORT: port.optional(),
  HEARTHLINE_TLS_CERT: text.optional(),
  HEARTHLINE_TLS_KEY: text.optional(),
  HEARTHLINE_RTP_PORTS: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/)
    .default('16384-17407'),
  HEARTHLINE_SIP_REALM: text.default('hearthline'),
  HEARTHLINE_SIP_DIGESTS: z
    .string()
    .default('MD5')
    .transform((names) => names.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(['SHA-512-256', 'SHA-256', 'MD5'])).min(1)),
  HEARTHLINE_SIP_ANONYMOUS: z.enum(['0', '1']).optional(),
  HEARTHLINE_DEMO: text.optional(),
  HEARTHLINE_ARI_PORT: port.default(8088),
  HEARTHLINE_ARI_USER: text.default('hearthline'),
  HEARTHLINE_ARI_PASSWORD: z.string().min(1, 'HEARTHLINE_ARI_PASSWORD must be set'),
  HEARTHLINE_ARI_APP: text.default('hotline'),
  HEARTHLINE_DATA: text.default('./data'),
  HEARTHLINE_RECORDER_URL: z.url({ protocol: /^wss?$/ }).optional(),
  HEARTHLINE_FALLBACK_SOUND: text.optional(),
  HEARTHLINE_MUSIC: text.optional(),
  HEARTHLINE_LOG_LEVEL: text.default('info'),
})

type Environment = z.infer<typeof environment>

/** Reads the settings; throws ConfigError naming the first one that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): SwitchboardConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(set)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new ConfigError(`${issue?.path.join('.') ?? 'environment'}: ${issue?.message ?? 'not valid'}`)
  }
  const e = parsed.data
  return {
    host: e.HEARTHLINE_HOST,
    publicAddress: e.HEARTHLINE_PUBLIC_ADDRESS ?? null,
    sipPort: e.HEARTHLINE_SIP_PORT,
    tls: tlsOf(e),
    sipWsPort: e.HEARTHLINE_SIP_WS_PORT ?? null,
    rtpPorts: rtpPortsOf(e.HEARTHLINE_RTP_PORTS),
    realm: e.HEARTHLINE_SIP_REALM,
    digests: e.HEARTHLINE_SIP_DIGESTS,
    acceptAnonymous: acceptsAnonymous(e),
    ari: {
      port: e.HEARTHLINE_ARI_PORT,
      user: e.HEARTHLINE_ARI_USER,
      password: e.HEARTHLINE_ARI_PASSWORD,
      app: e.HEARTHLINE_ARI_APP,
    },
    data: e.HEARTHLINE_DATA,
    recorderUrl: e.HEARTHLINE_RECORDER_URL ?? null,
    fallbackSound: e.HEARTHLINE_FALLBACK_SOUND ?? null,
    music: e.HEARTHLINE_MUSIC ?? null,
    logLevel: e.HEARTHLINE_LOG_LEVEL,
  }
}

function acceptsAnonymous(e: Environment): boolean {
  if (e.HEARTHLINE_SIP_ANONYMOUS !== undefined) return e.HEARTHLINE_SIP_ANONYMOUS === '1'
  return e.HEARTHLINE_DEMO !== undefined || loopback.includes(e.HEARTHLINE_HOST)
}

function rtpPortsOf(range: string): { first: number; last: number } {
  const [first = 0, last = 0] = range.split('-').map(Number)
  if (last <= first || last > 65535) throw new ConfigError('HEARTHLINE_RTP_PORTS: the range is not valid')
  return { first, last }
}

function tlsOf(e: Environment): SwitchboardConfig['tls'] {
  if (!e.HEARTHLINE_TLS_CERT || !e.HEARTHLINE_TLS_KEY) return null
  try {
    const cert = readFileSync(e.HEARTHLINE_TLS_CERT, 'utf8')
    return { port: e.HEARTHLINE_SIPS_PORT, cert, key: readFileSync(e.HEARTHLINE_TLS_KEY, 'utf8') }
  } catch {
    throw new ConfigError('HEARTHLINE_TLS_CERT or HEARTHLINE_TLS_KEY cannot be read')
  }
}
