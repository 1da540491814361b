import { env } from 'node:process'
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { startRecorder, type Recorder } from './recorder.ts'

const longestStop = 8_000

const recorder = await start()

async function start(): Promise<Recorder> {
  try {
    const config = readConfig(env)
    const log = pino({ name: 'recorder', level: config.logLevel })
    return await startRecorder({
      port: config.port,
      data: config.data,
      log: (message, fields = {}) => log.info(fields, message),
    })
  } catch (error) {
    process.stderr.write(`The recorder cannot start: ${error instanceof Error ? error.message : 'unknown'}\n`)
    process.exit(1)
  }
}

/** Without a launcher nobody ends us should Node hang in its own farewell (nodejs/node issue 54918): a signal does surely. */
function leave(): void {
  if (process.connected === false) process.kill(process.pid, 'SIGKILL')
  else process.exit(0)
}

let stopping = false
/** Files are ended cleanly before the process is; a disk that hangs does not keep it for ever. */
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  setTimeout(leave, longestStop).unref()
  await recorder.close().catch(() => undefined)
  leave()
}

process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())
process.on('SIGINT', () => undefined)
process.send?.({ type: 'ready' })
