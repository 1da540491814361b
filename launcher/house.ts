import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { lockDataFolder, openDataFolder } from './data-folder.ts'
import { startDatabase, type Database } from './database.ts'
import { checkForeignDatabase } from './foreign-database.ts'
import { openLog, type LogFile } from './log-file.ts'
import { freePorts, tcpPortState, udpPortState } from './ports.ts'
import { ensureCertificate } from './certificate.ts'
import { keepRunning, nodeProgram, type Pace, type Running, type Service } from './service.ts'
import { projectRoot, type Settings } from './settings.ts'
import { Trouble } from './trouble.ts'
import { buildWeb } from './web-build.ts'

/** The programs of our three Node processes; tests of the launcher itself put their own there. */
export type Scripts = { switchboard: string; recorder: string; server: string }

export const ownScripts: Scripts = {
  switchboard: join(projectRoot, 'switchboard', 'main.ts'),
  recorder: join(projectRoot, 'recorder', 'main.ts'),
  server: join(projectRoot, 'server', 'main.ts'),
}

export type House = {
  /** What the server said when it was ready: `{type, address, sip, notices}`. */
  welcome: unknown
  /** Server first, so that nothing is decided any more; then switchboard, recorder, database. */
  stop: () => Promise<void>
  kill: () => void
}

export type HouseOptions = {
  scripts: Scripts
  pace?: Pace
  /** Is given what an operator should see: errors, restarts. */
  say: (text: string) => void
  /** Becomes aborted when the operator wants to stop while it still starts. */
  signal: AbortSignal
}

/** Starts everything and settles when the server serves; throws (Trouble for the known reasons) after cleaning up. */
export async function startHouse(settings: Settings, options: HouseOptions): Promise<House> {
  openDataFolder(settings.data)
  const lock = await lockDataFolder(settings.data)
  const services: Service[] = []
  const logs: LogFile[] = []
  let stopped: Promise<void> | null = null
  const stopAll = async (): Promise<void> => {
    for (const service of services.toReversed()) await service.stop()
    for (const log of logs) log.close()
    lock.release()
  }
  const stop = (): Promise<void> => (stopped ??= stopAll())
  const kill = (): void => services.forEach((service) => service.kill())
  try {
    const aborted = Promise.withResolvers<never>()
    options.signal.addEventListener('abort', () => aborted.reject(options.signal.reason), { once: true })
    const welcome = await Promise.race([raise(settings, options, services, logs), aborted.promise])
    return { welcome, stop, kill }
  } catch (error) {
    await stop()
    throw error
  }
}

async function raise(
  settings: Settings,
  options: HouseOptions,
  services: Service[],
  logs: LogFile[],
): Promise<unknown> {
  await checkPorts(settings)
  const tls = settings.selfSigned ? await ensureCertificate(settings.data) : settings.tls
  const internal = await internalDoors(settings)
  const logTo = (name: string): LogFile => {
    const log = openLog(join(settings.data, 'log', `${name}.log`))
    logs.push(log)
    return log
  }
  const { scripts } = options
  const common = commonEnv(settings, tls)
  let welcome: unknown = null
  const start = (name: keyof Scripts, env: () => NodeJS.ProcessEnv, priority?: number): Service => {
    options.signal.throwIfAborted()
    const log = reportingLog(name, logTo(name), options.say, () => welcome !== null)
    const begin = (signal: AbortSignal): Promise<Running> =>
      nodeProgram({
        script: scripts[name],
        env: { ...common, ...env() },
        log,
        onReady: (message) => (name === 'server' ? (welcome = message) : undefined),
        ...(priority === undefined ? {} : { priority }),
      })(signal)
    const service = keepRunning(name, begin, options.say, options.pace)
    services.push(service)
    return service
  }
  const database = databaseService(settings, options, services, logTo('database'))
  const recorder = start('recorder', () => internal.recorder)
  const switchboard = settings.ariUrl === null ? start('switchboard', () => internal.switchboard, -10) : null
  const web = scripts === ownScripts ? webApp(options, logTo('build')) : Promise.resolve()
  await Promise.all([database.ready, recorder.ready, switchboard?.ready, web])
  const server = start('server', () => ({ ...internal.server, ...database.env(), ...ofServer(process.env) }))
  await server.ready
  return welcome
}

async function webApp(options: HouseOptions, log: LogFile): Promise<void> {
  const state = await buildWeb(log.write)
  if (state === 'stale')
    options.say('The web app could not be built again; the older one is shown (log/build.log).')
}

type DatabaseDoor = { ready: Promise<void>; env: () => NodeJS.ProcessEnv }

function databaseService(
  settings: Settings,
  options: HouseOptions,
  services: Service[],
  log: LogFile,
): DatabaseDoor {
  options.signal.throwIfAborted()
  const { databaseUrl } = settings
  if (databaseUrl !== null) {
    const owner = settings.ownerDatabaseUrl
    const env = {
      DATABASE_URL: databaseUrl,
      ...(owner === null ? {} : { HEARTHLINE_OWNER_DATABASE_URL: owner }),
    }
    return { ready: checkForeignDatabase(databaseUrl, options.signal), env: () => env }
  }
  let database: Database | null = null
  const begin = async (): Promise<Running> => {
    const made = await startDatabase({ folder: settings.data, log: log.write })
    // Its old port was taken by another program meanwhile: the server must be told the new one.
    if (database !== null && database.port !== made.port) services.find((s) => s.name === 'server')?.renew()
    database = made
    return {
      pid: made.pid,
      exited: made.exited.then(() => 'see log/database.log'),
      stop: made.stop,
      kill: () => process.kill(made.pid, 'SIGQUIT'),
    }
  }
  const service = keepRunning('database', begin, options.say, options.pace)
  services.push(service)
  const env = (): NodeJS.ProcessEnv =>
    database === null ? {} : { DATABASE_URL: database.url, HEARTHLINE_OWNER_DATABASE_URL: database.ownerUrl }
  return { ready: service.ready, env }
}

async function checkPorts(settings: Settings): Promise<void> {
  await checkPort(settings.webPort, settings.host, 'HEARTHLINE_PORT', [tcpPortState])
  if (settings.ariUrl !== null) return
  await checkPort(settings.sipPort, settings.host, 'HEARTHLINE_SIP_PORT', [udpPortState, tcpPortState])
  if (settings.tls !== null || settings.selfSigned)
    await checkPort(settings.sipsPort, settings.host, 'HEARTHLINE_SIPS_PORT', [tcpPortState])
}

async function checkPort(
  port: number,
  host: string,
  name: string,
  probes: (typeof tcpPortState)[],
): Promise<void> {
  for (const probe of probes) {
    const state = await probe(port, host)
    if (state === 'taken')
      throw new Trouble(
        `Port ${port} is already in use by another program: stop it, or set ${name} to a free port.`,
        `端口 ${port} 已被其他程序占用:请停止该程序,或用 ${name} 指定空闲端口。`,
      )
    if (state === 'forbidden')
      throw new Trouble(
        `Port ${port} may not be opened by this user: set ${name} to a port above 1023.`,
        `当前用户无权使用端口 ${port}:请用 ${name} 指定大于 1023 的端口。`,
      )
  }
}

type Doors = Record<keyof Scripts, NodeJS.ProcessEnv>

/** Ports and secrets between our own processes: new at every start, handed on by environment only. */
async function internalDoors(settings: Settings): Promise<Doors> {
  const [ari, sipWs, freeRecorder] = (await freePorts(3)).map(String)
  const recorder = settings.recorderPort === null ? freeRecorder : String(settings.recorderPort)
  const user = 'hearthline'
  const password = randomBytes(24).toString('base64url')
  const recorderUrl = `ws://127.0.0.1:${recorder ?? ''}/`
  const own = {
    HEARTHLINE_ARI_PORT: ari,
    HEARTHLINE_ARI_USER: user,
    HEARTHLINE_ARI_PASSWORD: password,
    HEARTHLINE_SIP_WS_PORT: sipWs,
    HEARTHLINE_RECORDER_URL: recorderUrl,
  }
  const foreign = {
    ARI_URL: settings.ariUrl ?? undefined,
    HEARTHLINE_RECORDER_URL: recorderUrl,
    HEARTHLINE_SIP_WS_PORT: settings.sipWsPort ?? undefined,
  }
  const ariUrl = `http://${user}:${password}@127.0.0.1:${ari ?? ''}`
  return {
    recorder: { HEARTHLINE_RECORDER_PORT: recorder },
    switchboard: { ...own, ...soundsWithoutServer() },
    server: settings.ariUrl === null ? { ...own, ARI_URL: ariUrl } : foreign,
  }
}

/** What callers hear from the switchboard while no server is connected. */
function soundsWithoutServer(): NodeJS.ProcessEnv {
  const prompts = join(projectRoot, 'clinical', 'prompts')
  return {
    HEARTHLINE_FALLBACK_SOUND:
      process.env['HEARTHLINE_FALLBACK_SOUND'] ?? join(prompts, 'zh-CN', 'trouble.wav'),
    HEARTHLINE_MUSIC: process.env['HEARTHLINE_MUSIC'] ?? join(prompts, 'music', 'calm.wav'),
  }
}

/** Secrets that are the server's alone. */
const serverSecrets = ['HEARTHLINE_S3_ACCESS_KEY_ID', 'HEARTHLINE_S3_SECRET_ACCESS_KEY']
const ofServer = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(serverSecrets.map((name) => [name, env[name]]))

/** What every process may know; the secrets of one are not in the environment of the others. */
function commonEnv(settings: Settings, tls: Settings['tls']): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, HEARTHLINE_OWNER_DATABASE_URL: _owner, ARI_URL: _ari, ...rest } = process.env
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => !serverSecrets.includes(name))),
    NODE_COMPILE_CACHE: join(settings.data, 'cache', 'node'),
    HEARTHLINE_HOST: settings.host,
    HEARTHLINE_PORT: String(settings.webPort),
    HEARTHLINE_SIP_PORT: String(settings.sipPort),
    HEARTHLINE_SIPS_PORT: String(settings.sipsPort),
    HEARTHLINE_RTP_PORTS: `${settings.rtpPorts.first}-${settings.rtpPorts.last}`,
    HEARTHLINE_DATA: settings.data,
    ...(settings.demo ? { HEARTHLINE_DEMO: '1' } : {}),
    ...(tls === null ? {} : { HEARTHLINE_TLS_CERT: tls.cert, HEARTHLINE_TLS_KEY: tls.key }),
  }
}

/**
 * All lines go to the log; error lines also, a few a minute, to whoever watches the console. Before everything serves only
 * the sentence that says why it cannot is shown.
 */
function reportingLog(name: string, log: LogFile, say: (text: string) => void, serves: () => boolean) {
  let minute = 0
  let shown = 0
  return (line: string, isError: boolean): void => {
    log.write(line)
    if (!serves()) return
    if (!isError && !/"level":(50|60)\b/.test(line)) return
    const now = Math.floor(Date.now() / 60_000)
    if (now !== minute) [minute, shown] = [now, 0]
    shown++
    if (shown <= 5) say(`[${name}] ${brief(line)}`)
    else if (shown === 6) say(`[${name}] more in log/${name}.log`)
  }
}

/** What a person needs of a log line: its sentence; the rest stands in the log. */
function brief(line: string): string {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null && 'msg' in parsed && typeof parsed.msg === 'string')
      return parsed.msg
  } catch {
    // Not written by our logger.
  }
  return line.slice(0, 300)
}
