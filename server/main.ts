/* The server process: decisions, HTTP, live updates, the web app. */
import { pino } from 'pino'
import { ConfigRefused, readConfig } from './config.ts'
import { MigrationRefused } from './db/migrate.ts'
import { describe } from './http/app.ts'
import { KeysRefused } from './records/keys.ts'
import { startServer, type Running } from './start.ts'

const log = pino({ level: 'info', base: null, redact: ['pii', '*.pii'] })

/** One sentence for the reasons an operator can remove; null for what nobody foresaw. */
function sentenceOf(error: unknown): string | null {
  if (error instanceof ConfigRefused || error instanceof MigrationRefused || error instanceof KeysRefused)
    return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return 'The web port HEARTHLINE_PORT is taken by another program: choose another one. 网页端口已被占用,请更换 HEARTHLINE_PORT。'
  if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EROFS'))
    return 'The data folder HEARTHLINE_DATA or the web port cannot be used by this user. 数据目录不可写或端口无权限。'
  return null
}

async function start(): Promise<Running> {
  const config = readConfig()
  log.level = config.logLevel
  return startServer(config, log)
}

function endOn(running: Running): void {
  let ending = false
  const end = (): void => {
    if (ending) return
    ending = true
    // Whatever still hangs must not keep the process: the database has what was acknowledged.
    setTimeout(() => process.exit(0), 8000).unref()
    void running.stop().then(
      () => process.exit(0),
      () => process.exit(0),
    )
  }
  process.on('SIGTERM', end)
  process.on('disconnect', end)
}

// The launcher coordinates what Ctrl-C means.
process.on('SIGINT', () => undefined)
process.on('unhandledRejection', (error) => log.error(describe(error), 'a promise failed unheard'))

try {
  const running = await start()
  endOn(running)
  process.send?.({ type: 'ready', address: running.address, sip: running.sip, notices: running.notices })
  log.info('the server serves')
} catch (error) {
  const sentence = sentenceOf(error)
  log.error(describe(error), sentence ?? 'the server could not start')
  if (sentence !== null) process.send?.({ type: 'failed', message: sentence })
  setTimeout(() => process.exit(1), 50)
}
