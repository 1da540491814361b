/* The server process: decisions, HTTP, live updates, the web app. */
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { describe } from './http/app.ts'
import { sentenceOf } from './refusal.ts'
import { startServer, type Running } from './start.ts'

const log = pino({ level: 'info', base: null, redact: ['pii', '*.pii'] })

async function start(): Promise<Running> {
  const config = readConfig()
  log.level = config.logLevel
  return startServer(config, log)
}

/** Without a launcher nobody ends us should Node hang in its own farewell (nodejs/node issue 54918): a signal does surely. */
function leave(): void {
  if (process.connected === false) process.kill(process.pid, 'SIGKILL')
  else process.exit(0)
}

function endOn(running: Running): void {
  let ending = false
  const end = (): void => {
    if (ending) return
    ending = true
    // Whatever still hangs must not keep the process: the database has what was acknowledged.
    setTimeout(leave, 8000).unref()
    void running.stop().then(leave, leave)
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
