/* `npx hearthline asterisk-config FOLDER`: the configuration of an Asterisk 22 in the place of our switchboard. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import {
  asteriskConfig,
  AsteriskSettingRefused,
  debianPlaces,
  isMadeHere,
  type AsteriskSettings,
} from '../../telephony/asterisk-config.ts'
import { putFiles } from './file-writing.ts'
import { CommandRefused } from './users.ts'

const usage = `npx hearthline asterisk-config FOLDER [--name NAME] [--host ADDRESS] [--public ADDRESS] [--sip-port 5060]
  [--pem FILE [--sips-port 5061] [--wss-port 8089]] [--rtp 16384-17407] [--ari-host 127.0.0.1] [--ari-port 8088]
  [--recorder ws://127.0.0.1:8090/] [--fallback FILE.wav] [--music FILE.wav] [--anonymous]
Run it again to change an option: secrets that are there stay.`

const prompts = join(import.meta.dirname, '..', '..', 'clinical', 'prompts')
const word = { type: 'string' } as const
const options = {
  name: word,
  host: word,
  public: word,
  'sip-port': word,
  pem: word,
  'sips-port': word,
  'wss-port': word,
  rtp: word,
  'ari-host': word,
  'ari-port': word,
  recorder: word,
  fallback: word,
  music: word,
  anonymous: { type: 'boolean' },
} as const

const port = z.coerce.number().int().min(1).max(65535)
const wanted = z.object({
  name: z.string().default('hearthline'),
  host: z.union([z.ipv4(), z.ipv6()]).default('0.0.0.0'),
  public: z.union([z.ipv4(), z.ipv6()]).optional(),
  'sip-port': port.default(5060),
  pem: z.string().optional(),
  'sips-port': port.default(5061),
  'wss-port': port.default(8089),
  rtp: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/)
    .default('16384-17407'),
  'ari-host': z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
  'ari-port': port.default(8088),
  recorder: z.url({ protocol: /^wss?$/ }).default('ws://127.0.0.1:8090/'),
  fallback: z.string().default(join(prompts, 'zh-CN', 'trouble.wav')),
  music: z.string().default(join(prompts, 'music', 'calm.wav')),
  anonymous: z.boolean().default(false),
})

const ariFile = 'ari.conf'
const user = 'hearthline'

/** Writes every file with mode 0600, and `ari.env` with the ARI_URL; nobody else's files are overwritten. */
export function writeAsteriskConfig(args: string[]): void {
  const { folder, ...asked } = read(args)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const password = passwordIn(folder) ?? randomBytes(24).toString('base64url')
  const settings: AsteriskSettings = {
    ...asked,
    ari: { ...asked.ari, user, password },
    places: { ...debianPlaces, etc: folder },
  }
  const { host, port: ariPort } = settings.ari
  const files = new Map(filesFor(settings))
  const shown = host.includes(':') ? `[${host}]` : host
  files.set('ari.env', `ARI_URL=http://${user}:${password}@${shown}:${ariPort}\n`)
  for (const name of files.keys()) refuseForeign(join(folder, name))
  putFiles(folder, files, 0o600)
  console.log(
    `${files.size} files are in ${folder}; ARI_URL is in ari.env. 配置已写入,ARI_URL 在 ari.env 中。`,
  )
}

type Asked = Omit<AsteriskSettings, 'ari' | 'places'> & {
  folder: string
  ari: { host: string; port: number }
}

function read(args: string[]): Asked {
  const { values, positionals } = parsed(args)
  const checked = wanted.safeParse(values)
  const [folder, ...more] = positionals
  if (!checked.success || folder === undefined || more.length > 0) throw new CommandRefused(usage)
  const o = checked.data
  const [first = 0, last = 0] = o.rtp.split('-').map(Number)
  if (last <= first || last > 65535) throw new CommandRefused(usage)
  return {
    folder: resolve(folder),
    name: o.name,
    host: o.host,
    publicAddress: o.public ?? null,
    sipPort: o['sip-port'],
    tls:
      o.pem === undefined ? null : { sipsPort: o['sips-port'], wssPort: o['wss-port'], pem: resolve(o.pem) },
    rtpPorts: { first, last },
    ari: { host: o['ari-host'], port: o['ari-port'] },
    app: 'hotline',
    realm: 'hearthline',
    recorderUrl: o.recorder,
    fallbackSound: resolve(o.fallback),
    music: resolve(o.music),
    acceptAnonymous: o.anonymous,
  }
}

function parsed(
  args: string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch {
    throw new CommandRefused(usage)
  }
}

function filesFor(settings: AsteriskSettings): ReadonlyMap<string, string> {
  try {
    return asteriskConfig(settings)
  } catch (error) {
    if (error instanceof AsteriskSettingRefused) throw new CommandRefused(`Refused: ${error.message}.`)
    throw error
  }
}

/** The password made the first time: the server goes on with the ARI_URL it has. */
function passwordIn(folder: string): string | null {
  const path = join(folder, ariFile)
  if (!existsSync(path)) return null
  refuseForeign(path)
  return /^password=(\S+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? null
}

function refuseForeign(path: string): void {
  if (!path.endsWith('.conf') || !existsSync(path) || isMadeHere(readFileSync(path, 'utf8'))) return
  throw new CommandRefused(
    `${path} was not made by this command: choose an empty folder and start Asterisk with -C FOLDER/asterisk.conf. 请选择空文件夹。`,
  )
}
