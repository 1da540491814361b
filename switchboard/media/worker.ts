import { parentPort, workerData } from 'node:worker_threads'
import { MediaError } from './failure.ts'
import type { FromWorker, MediaOptions, Question, ToWorker } from './messages.ts'
import { Switchroom } from './switchroom.ts'

const port = parentPort
if (!port) throw new Error('the media engine runs in a worker thread')

const tell = (message: FromWorker): void => port.postMessage(message)
const room = new Switchroom(workerData as MediaOptions, (event) => tell({ kind: 'event', event }))

async function answer(ask: number, question: Question): Promise<void> {
  try {
    tell({ kind: 'answer', ask, value: await room.ask(question) })
  } catch (error) {
    const code = error instanceof MediaError ? error.code : 'lost'
    tell({ kind: 'refusal', ask, code, detail: error instanceof Error ? error.message : 'failed' })
  }
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'question') void answer(message.ask, message.command)
  else room.obey(message.command)
})

// One leg's failure (a library's late rejection, a file system's surprise) must not silence all others.
process.on('uncaughtException', (error) => process.stderr.write(`media: ${error.stack ?? error.message}\n`))
process.on('unhandledRejection', (reason) => process.stderr.write(`media: ${String(reason)}\n`))

tell({ kind: 'ready' })
