import { join, resolve } from 'node:path'
import { z } from 'zod'
import { Trouble } from './trouble.ts'

/** The folder of the program itself. */
export const projectRoot = join(import.meta.dirname, '..')

const port = z.coerce.number().int().min(1).max(65535)
const text = z.string().trim().min(1).optional()
const doors = z.object({
  HEARTHLINE_HOST: text,
  HEARTHLINE_PORT: port.default(8080),
  HEARTHLINE_SIP_PORT: port.default(5060),
  HEARTHLINE_SIPS_PORT: port.default(5061),
  HEARTHLINE_RTP_PORTS: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/)
    .default('16384-17407'),
  HEARTHLINE_TLS_CERT: text,
  HEARTHLINE_TLS_KEY: text,
  HEARTHLINE_DATA: text,
  DATABASE_URL: text,
  HEARTHLINE_OWNER_DATABASE_URL: text,
  ARI_URL: text,
  HEARTHLINE_KMS_COMMAND: text,
  HEARTHLINE_S3_BUCKET: text,
  HEARTHLINE_S3_ENDPOINT: text,
  HEARTHLINE_SIP_WS_PORT: text,
  HEARTHLINE_RECORDER_PORT: port.optional(),
})

/** What the environment and the command line say about one installation. */
export type Settings = {
  demo: boolean
  selfSigned: boolean
  host: string
  webPort: number
  sipPort: number
  sipsPort: number
  rtpPorts: { first: number; last: number }
  tls: { cert: string; key: string } | null
  /** The data folder, absolute. */
  data: string
  /** Set when the operator brings a PostgreSQL of their own. */
  databaseUrl: string | null
  ownerDatabaseUrl: string | null
  /** Set when the operator brings Asterisks of their own: one address, or several with spaces between. */
  ariUrl: string | null
  /** The program that wraps and unwraps with the master key. */
  kms: string | null
  /** Where recordings are moved to; `endpoint` null: AWS itself. */
  store: { endpoint: string | null } | null
  /** Where an Asterisk of the operator's finds what our own switchboard is told at each start; null: nowhere. */
  sipWsPort: string | null
  recorderPort: number | null
}

/** Reads the doors of the house; throws Trouble naming the first variable that is wrong. */
export function readSettings(env: NodeJS.ProcessEnv, flags: ReadonlySet<string>): Settings {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = doors.safeParse(set)
  if (!parsed.success) {
    const name = parsed.error.issues[0]?.path.join('.') ?? 'the environment'
    throw new Trouble(
      `${name} has a value that cannot be used: see the README.`,
      `${name} 的值无效,请参阅 README。`,
    )
  }
  const e = parsed.data
  const demo = flags.has('--demo') || env['HEARTHLINE_DEMO'] === '1'
  const [first = 0, last = 0] = e.HEARTHLINE_RTP_PORTS.split('-').map(Number)
  return {
    demo,
    selfSigned: flags.has('--self-signed'),
    host: e.HEARTHLINE_HOST ?? (demo ? '127.0.0.1' : '0.0.0.0'),
    webPort: e.HEARTHLINE_PORT,
    sipPort: e.HEARTHLINE_SIP_PORT,
    sipsPort: e.HEARTHLINE_SIPS_PORT,
    rtpPorts: { first, last },
    tls: tlsOf(e.HEARTHLINE_TLS_CERT, e.HEARTHLINE_TLS_KEY),
    data: resolve(e.HEARTHLINE_DATA ?? join(projectRoot, 'data')),
    databaseUrl: e.DATABASE_URL ?? null,
    ownerDatabaseUrl: e.HEARTHLINE_OWNER_DATABASE_URL ?? null,
    ariUrl: e.ARI_URL ?? null,
    kms: e.HEARTHLINE_KMS_COMMAND ?? null,
    store: storeOf(e),
    ...foreignPorts(e),
  }
}

const storeOf = (e: z.output<typeof doors>): Settings['store'] =>
  e.HEARTHLINE_S3_BUCKET === undefined ? null : { endpoint: e.HEARTHLINE_S3_ENDPOINT ?? null }

const foreignPorts = (e: z.output<typeof doors>): Pick<Settings, 'sipWsPort' | 'recorderPort'> => ({
  sipWsPort: e.HEARTHLINE_SIP_WS_PORT ?? null,
  recorderPort: e.HEARTHLINE_RECORDER_PORT ?? null,
})

function tlsOf(cert: string | undefined, key: string | undefined): Settings['tls'] {
  if (cert && key) return { cert: resolve(cert), key: resolve(key) }
  if (!cert && !key) return null
  throw new Trouble(
    'HEARTHLINE_TLS_CERT and HEARTHLINE_TLS_KEY belong together: set both or neither.',
    'HEARTHLINE_TLS_CERT 与 HEARTHLINE_TLS_KEY 须同时设置或都不设置。',
  )
}
