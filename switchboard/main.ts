/* The switchboard as a process: started by the launcher, stopped by SIGTERM or by the end of its channel to it. */
import { ConfigError, readConfig } from './config.ts'
import { makeLog } from './log.ts'
import { StartError, startSwitchboard } from './start.ts'

async function main(): Promise<void> {
  process.on('SIGINT', () => undefined)
  const config = readConfig()
  const log = makeLog(config.logLevel)
  process.on('uncaughtException', (error) => log.error({ err: error }, 'an unexpected fault'))
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'an unexpected fault'))
  const switchboard = await startSwitchboard(config, log)
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(0), 5_000).unref()
    void switchboard.stop().then(
      () => process.exit(0),
      () => process.exit(0),
    )
  }
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  process.send?.({ type: 'ready', ports: switchboard.ports })
  log.info({ ports: switchboard.ports }, 'the switchboard serves')
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof StartError
  const message = `switchboard: ${known ? error.message : String(error)}`
  process.stderr.write(`${message}\n`)
  if (!process.send) process.exit(1)
  process.send({ type: 'failed', message }, () => process.exit(1))
})
