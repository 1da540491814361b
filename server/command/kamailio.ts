/* `npx hearthline kamailio-config FOLDER`: the configuration of a Kamailio in front of several Asterisks. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  isMadeHere,
  kamailioConfig,
  KamailioSettingRefused,
  type KamailioSettings,
  type SipAddress,
} from '../../telephony/kamailio-config.ts'
import { putFiles } from './file-writing.ts'
import { CommandRefused } from './users.ts'

const usage = `npx hearthline kamailio-config FOLDER --listen ADDRESS[:5060] [--public ADDRESS]
  --asterisk ADDRESS[:5060] [--asterisk …] --carrier ADDRESS[:5060] [--carrier …] [--modules FOLDER]
Addresses are numbers, not names; an IPv6 address with a port stands in brackets.`

const debianModules = '/usr/lib/x86_64-linux-gnu/kamailio/modules'
const word = { type: 'string' } as const
const words = { type: 'string', multiple: true } as const
const options = { listen: word, public: word, asterisk: words, carrier: words, modules: word } as const

/** Writes `kamailio.cfg` and `dispatcher.list` with mode 0640; nobody else's files are overwritten. */
export function writeKamailioConfig(args: string[]): void {
  const settings = read(args)
  const files = filesFor(settings)
  mkdirSync(settings.folder, { recursive: true, mode: 0o750 })
  for (const name of files.keys()) refuseForeign(join(settings.folder, name))
  putFiles(settings.folder, files, 0o640)
  console.log(
    `Start Kamailio with -f ${join(settings.folder, 'kamailio.cfg')}. 配置已写入,请以此文件启动 Kamailio。`,
  )
}

function read(args: string[]): KamailioSettings {
  const { values, positionals } = parsed(args)
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0 || values.listen === undefined) throw new CommandRefused(usage)
  return {
    folder: resolve(folder),
    listen: addressOf(values.listen),
    publicAddress: values.public ?? null,
    asterisks: (values.asterisk ?? []).map(addressOf),
    carriers: (values.carrier ?? []).map(addressOf),
    modules: resolve(values.modules ?? debianModules),
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

function addressOf(text: string): SipAddress {
  if (isIP(text) !== 0) return { host: text, port: 5060 }
  const [, inBrackets, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain ?? ''
  const number = Number(port)
  if (isIP(host) === 0 || number < 1 || number > 65_535) throw new CommandRefused(usage)
  return { host, port: number }
}

function filesFor(settings: KamailioSettings): ReadonlyMap<string, string> {
  try {
    return kamailioConfig(settings)
  } catch (error) {
    if (error instanceof KamailioSettingRefused) throw new CommandRefused(`Refused: ${error.message}.`)
    throw error
  }
}

function refuseForeign(path: string): void {
  if (!existsSync(path) || isMadeHere(readFileSync(path, 'utf8'))) return
  throw new CommandRefused(`${path} was not made by this command: choose an empty folder. 请选择空文件夹。`)
}
