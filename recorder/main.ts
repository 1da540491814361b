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

let stopping = false
/** Files are ended cleanly before the process is; a disk that hangs does not keep it for ever. */
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(0), longestStop).unref()
  await recorder.close()
  process.exit(0)
}

process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())
process.on('SIGINT', () => undefined)
process.send?.({ type: 'ready' })
