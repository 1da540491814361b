import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { sealingWays, type SealingWay } from './records/ciphers.ts'
import type { SipDoor } from './http/upgrade.ts'
import type { StoreSettings } from './records/store.ts'

/** A setting that cannot be used: one sentence for the operator. */
export class ConfigRefused extends Error {}

/** The server's settings, all from the environment (design.md, doors of the house). */
export interface Config {
  host: string
  port: number
  tls: { cert: string; key: string } | null
  /** The data folder, absolute. */
  data: string
  databaseUrl: string
  /** Owns the tables and migrates them; the same as databaseUrl where the operator gave only one. */
  ownerDatabaseUrl: string
  /** `url` holds several with spaces between where there are several switchboards. Null: none; the server then serves everything but calls. */
  ari: { url: string; app: string } | null
  /** Where the recorder tells how it is; null when this process does not know it. */
  recorder: string | null
  /** The switchboards' WebSockets for SIP, in the order of their ARI_URLs; browsers are passed through to them. */
  sipDoors: SipDoor[]
  sipPort: number
  /** The address people and phones reach this machine by. */
  publicAddress: string
  /** How new data keys seal. */
  sealing: SealingWay
  /** The operator's program that wraps and unwraps with the master key; null: it is in a file. */
  kms: string | null
  /** Where settled recordings are moved to; null: they stay in the data folder. */
  store: StoreSettings | null
  demo: boolean
  logLevel: string
  /** Folder of the built web app. */
  web: string
}

const port = z.coerce.number().int().min(0).max(65535)
const text = z.string().trim().min(1)
const sipDoors = z
  .string()
  .transform(wordsOf)
  .pipe(z.array(z.string().regex(/^(?:.+:)?\d{1,5}$/)))
  .transform((words) => words.map(doorOf))
const environment = z.object({
  HEARTHLINE_HOST: text.default('127.0.0.1'),
  HEARTHLINE_PORT: port.default(8080),
  HEARTHLINE_PUBLIC_ADDRESS: text.optional(),
  HEARTHLINE_TLS_CERT: text.optional(),
  HEARTHLINE_TLS_KEY: text.optional(),
  HEARTHLINE_DATA: text.default('./data'),
  DATABASE_URL: text,
  HEARTHLINE_OWNER_DATABASE_URL: text.optional(),
  ARI_URL: text.refine((urls) => wordsOf(urls).every((url) => URL.canParse(url))).optional(),
  HEARTHLINE_ARI_APP: text.default('hotline'),
  HEARTHLINE_RECORDER_URL: text.optional(),
  HEARTHLINE_SIP_WS_PORT: sipDoors.default([]),
  HEARTHLINE_SIP_PORT: port.default(5060),
  HEARTHLINE_SEALING: z.enum(sealingWays).default('aes-256-gcm'),
  HEARTHLINE_KMS_COMMAND: text.startsWith('/').optional(),
  HEARTHLINE_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  HEARTHLINE_S3_REGION: text.default('us-east-1'),
  HEARTHLINE_S3_BUCKET: text.optional(),
  HEARTHLINE_S3_PREFIX: z.string().default(''),
  HEARTHLINE_S3_PATH_STYLE: z.enum(['0', '1']).optional(),
  HEARTHLINE_S3_ACCESS_KEY_ID: text.optional(),
  HEARTHLINE_S3_SECRET_ACCESS_KEY: text.optional(),
  HEARTHLINE_S3_CREDENTIALS: text.optional(),
  HEARTHLINE_DEMO: text.optional(),
  HEARTHLINE_LOG_LEVEL: text.default('info'),
})

/** What is written with spaces between. */
function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** A port of this machine, or `host:port`. */
function doorOf(word: string): SipDoor {
  const colon = word.lastIndexOf(':')
  const host = colon === -1 ? '127.0.0.1' : word.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(word.slice(colon + 1)) }
}

/** Reads the settings; throws ConfigRefused naming the first variable that cannot be used. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const name = parsed.error.issues[0]?.path.join('.') ?? 'the environment'
    throw new ConfigRefused(
      `${name} is missing or cannot be used: see docs/operators.md. ${name} 缺失或无效。`,
    )
  }
  const set = parsed.data
  refuseDoors(set.HEARTHLINE_SIP_WS_PORT, wordsOf(set.ARI_URL ?? ''))
  return {
    host: set.HEARTHLINE_HOST,
    port: set.HEARTHLINE_PORT,
    tls: readTls(set.HEARTHLINE_TLS_CERT, set.HEARTHLINE_TLS_KEY),
    data: resolve(set.HEARTHLINE_DATA),
    databaseUrl: set.DATABASE_URL,
    ownerDatabaseUrl: set.HEARTHLINE_OWNER_DATABASE_URL ?? set.DATABASE_URL,
    ari: set.ARI_URL === undefined ? null : { url: set.ARI_URL, app: set.HEARTHLINE_ARI_APP },
    recorder: set.HEARTHLINE_RECORDER_URL ?? null,
    sipDoors: set.HEARTHLINE_SIP_WS_PORT,
    sipPort: set.HEARTHLINE_SIP_PORT,
    publicAddress: set.HEARTHLINE_PUBLIC_ADDRESS ?? reachable(set.HEARTHLINE_HOST),
    sealing: set.HEARTHLINE_SEALING,
    kms: set.HEARTHLINE_KMS_COMMAND ?? null,
    store: readStore(set),
    demo: set.HEARTHLINE_DEMO === '1',
    logLevel: set.HEARTHLINE_LOG_LEVEL,
    web: join(import.meta.dirname, '..', 'dist', 'web'),
  }
}

/** A seat that cannot register at one of the switchboards would get no call that comes in there. */
function refuseDoors(doors: readonly SipDoor[], urls: readonly string[]): void {
  if (urls.length < 2 || doors.length === 0 || doors.length === urls.length) return
  throw new ConfigRefused(
    'HEARTHLINE_SIP_WS_PORT must name one place for each address in ARI_URL, in the same order. HEARTHLINE_SIP_WS_PORT 须与 ARI_URL 的地址一一对应。',
  )
}

function readTls(cert: string | undefined, key: string | undefined): Config['tls'] {
  if (cert === undefined || key === undefined) return null
  try {
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } catch {
    throw new ConfigRefused(
      'The certificate in HEARTHLINE_TLS_CERT or its key in HEARTHLINE_TLS_KEY cannot be read. 无法读取证书或其密钥文件。',
    )
  }
}

/** The store is used when a bucket is named; its address is AWS's own unless another one is. */
function readStore(set: z.output<typeof environment>): StoreSettings | null {
  if (set.HEARTHLINE_S3_BUCKET === undefined) return null
  const endpoint = set.HEARTHLINE_S3_ENDPOINT ?? null
  const prefix = set.HEARTHLINE_S3_PREFIX.replace(/^\/+|\/+$/g, '')
  return {
    endpoint,
    region: set.HEARTHLINE_S3_REGION,
    bucket: set.HEARTHLINE_S3_BUCKET,
    prefix: prefix === '' ? '' : `${prefix}/`,
    pathStyle:
      set.HEARTHLINE_S3_PATH_STYLE === undefined ? endpoint !== null : set.HEARTHLINE_S3_PATH_STYLE === '1',
    ...readCredentials(set),
  }
}

/** From a file as AWS's tools have it (`aws_access_key_id = …`), or from the environment. */
function readCredentials(
  set: z.output<typeof environment>,
): Pick<StoreSettings, 'accessKeyId' | 'secretAccessKey'> {
  const { HEARTHLINE_S3_CREDENTIALS: file } = set
  const said = file === undefined ? '' : textOf(file)
  const inFile = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(said)?.[1]
  const accessKeyId = inFile('aws_access_key_id') ?? set.HEARTHLINE_S3_ACCESS_KEY_ID
  const secretAccessKey = inFile('aws_secret_access_key') ?? set.HEARTHLINE_S3_SECRET_ACCESS_KEY
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new ConfigRefused(
      'HEARTHLINE_S3_BUCKET is set, but its credentials are not: name a file in HEARTHLINE_S3_CREDENTIALS, see docs/operators.md. 缺少录音存储的访问凭据。',
    )
  return { accessKeyId, secretAccessKey }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ConfigRefused(
      'The file in HEARTHLINE_S3_CREDENTIALS cannot be read. 无法读取录音存储的凭据文件。',
    )
  }
}

/** What to tell people when the server listens on every address: the first one of this machine that others can reach. */
function reachable(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find((one) => one.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.1'
}
