/* Starts the server's parts in their order and stops them in the other. */
import type { Logger } from 'pino'
import { Problem } from '../domain/problem.ts'
import { connectSwitchboard } from '../telephony/switchboard.ts'
import { startCalls, type Calls } from './calls/calls.ts'
import { startScreens } from './calls/screens.ts'
import type { Config } from './config.ts'
import { watchReports } from './crisis/escalating.ts'
import { inHotline, openDatabase, type Database } from './db/database.ts'
import { allHotlines } from './db/hotlines.ts'
import { migrate } from './db/migrate.ts'
import { describe, openWeb } from './http/app.ts'
import { startLive, type Live } from './http/live.ts'
import { servePages } from './http/pages.ts'
import { filledPage } from './lines/public-routes.ts'
import type { Ground } from './http/serve.ts'
import { serveUpgrades, sipPaths } from './http/upgrade.ts'
import { findPerson } from './identity/identity.ts'
import { allDevices, startDevices } from './lines/devices.ts'
import { openSounds, trunkFor } from './lines/lines.ts'
import { registerShipped } from './lines/prompts.ts'
import { furnishDemo, makeSetUpToken, setUpNeeded, type Site } from './lines/set-up.ts'
import { followKeys, keysOfDatabase } from './records/data-keys.ts'
import type { Keys } from './records/keys.ts'
import { sealWhatIsPlain } from './records/resealing.ts'
import { openPlaces, startMoving } from './records/records.ts'
import { startRounds, type Around, type RoundsDeps } from './rounds.ts'
import { recorderAway } from './supervision/troubles.ts'
import { tellDropped } from './tasks/dropped.ts'
import { wire } from './wiring.ts'

/** A server that serves. */
export interface Running {
  address: string
  sip: string
  /** What the operator should read: where to go first. */
  notices: string[]
  stop: () => Promise<void>
}

/** Starts everything; throws MigrationRefused, KeysRefused or what the port's listening throws. */
export async function startServer(config: Config, log: Logger): Promise<Running> {
  const now = (): Date => new Date()
  await migrate(config.ownerDatabaseUrl, config.databaseUrl)
  const db = openDatabase({
    url: config.databaseUrl,
    log: (message, fields) => log.warn(fields ?? {}, message),
  })
  const keys = await keysOfDatabase(db, config.data, config.sealing, config.kms)
  const unfollow = await followKeys(db, keys, (error) => log.error(describe(error), 'keys could not be read'))
  const site: Site = { db, keys, dataFolder: config.data, now }
  await furnishHotlines(site, config.demo)
  const ground: Ground = {
    db,
    now,
    log,
    findPerson: (token, begun) => findPerson(db, token, now(), begun),
    secure: config.tls !== null,
  }
  const app = await openWeb(ground, config.tls)
  const live = startLive({
    db,
    findPerson: ground.findPerson,
    seal: (text) => keys.seal('live', text).toString('base64'),
    unseal: (sealed) => keys.open('live', Buffer.from(sealed, 'base64')),
  })
  const failed = quietly(log)
  const places = await openPlaces(config)
  const trunkState = (name: string): ReturnType<typeof devices.trunkState> => devices.trunkState(name)
  const rounds = startRoundsOf(config, { db, keys, live, places, now, failed, trunkState })
  live.onElsewhere(() => rounds.poke())
  const calls = startTelephony(config, { db, keys, live, log, poke: rounds.poke })
  const reports = watchReports({ db, live, keys, bell: () => calls, now, poke: rounds.poke, failed })
  const devices = startDevicesOf(calls, { db, keys, log })
  const parts = { live, keys, dataFolder: config.data, places, demo: config.demo, devices, calls }
  const sipAddresses = sipPaths(config.sipDoors)
  wire(app, { ...parts, sipAddresses, pokeBoards: rounds.poke, failed })
  servePages(app, config.web, (html) => filledPage(html, db, now()))
  serveUpgrades(app, live, config.sipDoors)
  await app.listen({ host: config.host, port: config.port })
  const sealing = sealEverything(db, keys, failed)
  const scheme = config.tls ? 'https' : 'http'
  const address = `${scheme}://${config.publicAddress}:${config.port}`
  return {
    address,
    sip: `sip:${config.publicAddress}:${config.sipPort}`,
    notices: await noticesFor(site, config, address),
    stop: async () => {
      sealing.stop()
      await live.close()
      await app.close()
      devices.stop()
      await rounds.stop()
      await reports.stop()
      await calls?.stop()
      unfollow()
      await db.close()
    },
  }
}

/** The rounds, and beside them, where the operator has a store, the moving of recordings into it. */
function startRoundsOf(
  config: Config,
  deps: Omit<RoundsDeps, 'dataFolder' | 'around' | 'signing'> & { trunkState: Around['trunkState'] },
): ReturnType<typeof startRounds> {
  const { recorder, data: dataFolder } = config
  const { store } = deps.places
  const moving = store && startMoving({ ...deps, places: { ...deps.places, store } })
  const around: Around = {
    storeAway: () => moving?.isAway() ?? false,
    recorderAway: async () => (recorder === null ? 'unknown' : recorderAway(recorder)),
    trunkState: deps.trunkState,
  }
  const rounds = startRounds({ ...deps, dataFolder, around, signing: deps.keys })
  return {
    poke: rounds.poke,
    async stop() {
      await rounds.stop()
      await moving?.stop()
    },
  }
}

/** Seals what an older version left in plain, beside the work; what is left when the server stops is done by the next. */
function sealEverything(db: Database, keys: Keys, failed: (error: unknown) => void): { stop: () => void } {
  let stopped = false
  const seal = async (): Promise<void> => {
    for (const hotlineId of await allHotlines(db)) if (!stopped) await sealWhatIsPlain(db, keys, hotlineId)
  }
  seal().catch((error: unknown) => {
    if (!stopped) failed(error)
  })
  return { stop: () => (stopped = true) }
}

function startDevicesOf(
  calls: Calls | null,
  deps: { db: Database; keys: Keys; log: Logger },
): ReturnType<typeof startDevices> {
  return startDevices({
    db: deps.db,
    keys: deps.keys,
    switchboard: () => calls?.shell.switchboard ?? null,
    online: (sipUser) => calls?.isOnline(sipUser) ?? false,
    trunkOnline: (name) =>
      calls?.controls()
        ? calls.shell.switchboard?.snapshot().trunks.find((each) => each.trunk === name)?.online
        : undefined,
    trunkRefuses: (name) => calls?.trunkRefuses(name) ?? false,
    log: (message, fields) => deps.log.warn(fields ?? {}, message),
  })
}

function startTelephony(
  config: Config,
  deps: { db: Database; keys: Keys; live: Live; log: Logger; poke: () => void },
): Calls | null {
  const { ari, data: dataFolder } = config
  const { db, keys, live, log } = deps
  if (ari === null) return null
  const say = (message: string, fields?: Record<string, string | number>): void =>
    log.info(fields ?? {}, message)
  const screens = startScreens({
    db,
    keys,
    live,
    poke: deps.poke,
    tellDropped: (...call) => tellDropped(db, live, ...call),
    log: say,
  })
  return startCalls({
    db,
    keys,
    sounds: openSounds(db, dataFolder),
    dataFolder,
    now: Date.now,
    log: say,
    connect: async (on) =>
      connectSwitchboard({ url: ari.url, app: ari.app, on, log: say, ...(await allDevices(db, keys)) }),
    switchboardName: ari.app,
    trunkFor: (hotlineId, ...given) => inHotline(db, hotlineId, (tx) => trunkFor(tx, ...given)),
    changed: (hotlineId, what) => screens.tell(hotlineId, what),
  })
}

/** A database that is away fails every round; once a minute is enough to say so. */
function quietly(log: Logger): (error: unknown) => void {
  let saidAt = 0
  return (error) => {
    const isAway = error instanceof Problem && error.code === 'database.away'
    if (isAway && Date.now() - saidAt < 60_000) return
    if (isAway) saidAt = Date.now()
    log.error(describe(error), 'a round failed')
  }
}

/** The demonstration furnishes itself; every hotline gets the prompts that came with this version. */
async function furnishHotlines(site: Site, demo: boolean): Promise<void> {
  if (await setUpNeeded(site.db)) {
    if (demo) await furnishDemo(site)
    return
  }
  for (const hotlineId of await allHotlines(site.db)) {
    await site.keys.makeRecordingKeys(hotlineId)
    await inHotline(site.db, hotlineId, (tx) => registerShipped(tx, hotlineId, site.dataFolder))
  }
}

async function noticesFor(site: Site, config: Config, address: string): Promise<string[]> {
  if (await setUpNeeded(site.db)) {
    const token = await makeSetUpToken(site)
    return [
      'Open this link once, within a day, to create the hotline. 请在一天内打开此链接创建热线:',
      `${address}/setup#token=${token}`,
    ]
  }
  if (!config.demo) return [`Log in at ${address}/login 登录`]
  return [
    'Demonstration, for this machine only. 仅供演示。',
    'Users 用户: admin supervisor counsellor1 counsellor2 counsellor3 counsellor4 custodian security auditor department evaluator',
    'Passphrase of all 密码: hearthline-demo   SIP phones 话机: phone1, phone2 / hearthline-demo',
    'Lines 线路: 1001 (general 普通), 1002 (event 应急)',
    `Try first 先试: log in as counsellor1 at ${address}/desk and go on duty; call from ${address}/ in another window, or dial 1001 from a SIP phone.`,
  ]
}
