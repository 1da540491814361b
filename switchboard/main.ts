/* The switchboard as a process: started by the launcher, stopped by SIGTERM or by the end of its channel to it. */
import { ConfigError, readConfig } from './config.ts'
import { makeLog } from './log.ts'
import { StartError, startSwitchboard } from './start.ts'
import type { Switchboard } from './start.ts'

const longestStop = 5_000

let serving: Switchboard | null = null
let stopping = false

/** Without a launcher nobody ends us should Node hang in its own farewell (nodejs/node issue 54918): a signal does surely. */
function leave(): void {
  if (process.connected === false) process.kill(process.pid, 'SIGKILL')
  else process.exit(0)
}

/** Ends the process cleanly; before it serves there is nothing to clean. */
function stop(): void {
  if (stopping) return
  stopping = true
  if (!serving) return leave()
  setTimeout(leave, longestStop).unref()
  serving.stop().then(leave, leave)
}

async function main(): Promise<void> {
  // First of all: a launcher that dies while we start must not leave us behind. Ctrl-C is the launcher's affair.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  const config = readConfig()
  const log = makeLog(config.logLevel)
  process.on('uncaughtException', (error) => log.error({ err: error }, 'an unexpected fault'))
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'an unexpected fault'))
  serving = await startSwitchboard(config, log)
  process.send?.({ type: 'ready', ports: serving.ports })
  log.info({ ports: serving.ports }, 'the switchboard serves')
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof StartError
  const message = `switchboard: ${known ? error.message : String(error)}`
  process.stderr.write(`${message}\n`)
  if (!process.send) process.exit(1)
  process.send({ type: 'failed', message }, () => process.exit(1))
})
