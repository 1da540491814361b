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
    // With nothing left to wait for, the thread ends by itself.
    if (question.do === 'close') port?.close()
  } catch (error) {
    const code = error instanceof MediaError ? error.code : 'lost'
    tell({ kind: 'refusal', ask, code, detail: error instanceof Error ? error.message : 'failed' })
  }
}

// One leg's failure (a library's late rejection, a file system's surprise) must not silence all others.
const failed = (error: Error): boolean => process.stderr.write(`media: ${error.stack ?? error.message}\n`)
process.on('uncaughtException', failed)
process.on('unhandledRejection', (reason) => process.stderr.write(`media: ${String(reason)}\n`))

function take(message: ToWorker): void {
  if (message.kind === 'question') return void answer(message.ask, message.command)
  try {
    room.obey(message.command)
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)))
  }
}

port.on('message', (messages: string) => (JSON.parse(messages) as ToWorker[]).forEach(take))

tell({ kind: 'ready' })
