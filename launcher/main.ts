import { z } from 'zod'
import { runCommand } from './command.ts'
import { ownScripts, startHouse, type House, type Scripts } from './house.ts'
import { readSettings } from './settings.ts'
import { describe } from './trouble.ts'

const help = `Hearthline 暖线

  npx hearthline start [--demo] [--self-signed]   start everything; Ctrl-C stops it
  npx hearthline doctor [--json]                  say what is wrong with this installation
  npx hearthline status [--json]                  what the hotline is doing
  npx hearthline contacts [--json] [--since ISO]  the contacts, nothing identifying
  npx hearthline backup TARGET                    everything in one encrypted file, while calls go on
  npx hearthline restore FILE                     a backup, into an empty data folder
  npx hearthline asterisk-config FOLDER           configuration of an Asterisk in the place of our switchboard
  npx hearthline kamailio-config FOLDER           configuration of a Kamailio in front of several Asterisks
  npx hearthline sizing --calls PER-HOUR          seats and trunk channels for the busiest hour
  npx hearthline migrate | user | keys | verify | checkpoint | export | simulate

Settings come from the environment: see the README.`

const commands = [
  'status',
  'contacts',
  'migrate',
  'user',
  'keys',
  'backup',
  'restore',
  'verify',
  'checkpoint',
  'asterisk-config',
  'kamailio-config',
  'sizing',
  'export',
  'simulate',
]

const welcomeShape = z.object({
  address: z.string(),
  sip: z.string().optional(),
  notices: z.array(z.string()).default([]),
})

/** Runs one verb of the command line and settles with its exit code; `scripts` is for the launcher's own tests. */
export async function main(args: string[], scripts: Scripts = ownScripts): Promise<number> {
  const [verb = 'help', ...rest] = args
  try {
    if (verb === 'start') return await start(rest, scripts)
    if (verb === 'doctor') return await (await import('./doctor.ts')).doctor(rest)
    if (commands.includes(verb)) return await runCommand(verb, rest)
  } catch (error) {
    console.error(describe(error))
    return 1
  }
  console.log(help)
  return ['help', '--help', '-h'].includes(verb) ? 0 : 1
}

const loopback = ['127.0.0.1', 'localhost', '::1']

/** Two presses within this time are one: npm and the shell both pass a signal on. */
const samePress = 400

async function start(args: string[], scripts: Scripts): Promise<number> {
  const unknown = args.find((arg) => !['--', '--demo', '--self-signed'].includes(arg))
  if (unknown !== undefined) {
    console.error(`"start" does not know ${unknown}.\n\n${help}`)
    return 1
  }
  const began = Date.now()
  const settings = readSettings(process.env, new Set(args))
  const ending = new AbortController()
  const ended = Promise.withResolvers<number>()
  let house: House | null = null
  let firstPress = 0
  const stop = (): void => {
    if (firstPress > 0 && Date.now() - firstPress > samePress) {
      house?.kill()
      process.exit(1)
    }
    if (firstPress > 0) return
    firstPress = Date.now()
    console.log('Stopping. 正在停止……')
    ending.abort()
    if (house) house.stop().then(() => ended.resolve(0), ended.reject)
  }
  // A console that goes away takes no call with it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  watchNpm(stop)
  console.log(`Starting Hearthline, data in ${settings.data} … 正在启动暖线`)
  if (settings.demo && !loopback.includes(settings.host))
    console.error(
      'Warning: a demonstration, whose passwords everybody knows, is opened to the network. 警告:演示系统(公开密码)正对网络开放。',
    )
  try {
    house = await startHouse(settings, { scripts, say: (text) => console.error(text), signal: ending.signal })
  } catch (error) {
    if (ending.signal.aborted) return 0
    throw error
  }
  if (!ending.signal.aborted) greet(house.welcome, Date.now() - began)
  return ended.promise
}

/** Under npm our parent lives as long as we do; when it was killed nobody could stop us from the terminal any more. */
function watchNpm(stop: () => void): void {
  const parent = process.ppid
  if (process.env['npm_lifecycle_event'] === undefined || parent === 1) return
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, 500)
  timer.unref()
}

function greet(message: unknown, took: number): void {
  const welcome = welcomeShape.safeParse(message).data ?? { address: '?', notices: [] }
  const lines = ['', `Hearthline is ready after ${(took / 1000).toFixed(1)} s. 暖线已就绪。`]
  lines.push(`  Web 网页   ${welcome.address}`)
  if ('sip' in welcome && welcome.sip !== undefined) lines.push(`  SIP 电话   ${welcome.sip}`)
  lines.push(...welcome.notices.map((notice) => `  ${notice}`), '  Ctrl-C stops everything. 按 Ctrl-C 停止。')
  console.log(lines.join('\n'))
}
