/** Looks into a Node process that runs with `--inspect`: what is on its heaps after a collection, and which timers wait. */

/** What all threads of a process hold together. */
export interface Innards {
  heapKb: number
  /** Memory of buffers, which is not on a heap. */
  buffersKb: number
  /** Timers that have not fired and were not cleared, those that keep nothing alive included. */
  timers: number
}

type Ask = <T>(method: string, params?: object) => Promise<T>

interface Message {
  id?: number
  method?: string
  params?: { sessionId?: string; message?: string }
  result?: unknown
  error?: { message: string }
}

interface Evaluated {
  result: { objectId?: string; value?: number }
}

const group = 'soak'

/** One session, or one of a worker inside it: numbers its questions and finds the answers. */
class Session {
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>()
  private readonly send: (text: string) => void
  private last = 0

  constructor(send: (text: string) => void) {
    this.send = send
  }

  ask: Ask = <T>(method: string, params: object = {}) => {
    const answer = Promise.withResolvers<unknown>()
    this.waiting.set((this.last += 1), answer)
    this.send(JSON.stringify({ id: this.last, method, params }))
    return answer.promise as Promise<T>
  }

  take({ id, result, error }: Message): void {
    const answer = this.waiting.get(id ?? 0)
    this.waiting.delete(id ?? 0)
    if (error) answer?.reject(new Error(`the inspector says: ${error.message}`))
    else answer?.resolve(result)
  }
}

async function threadInnards(ask: Ask): Promise<Innards> {
  await ask('HeapProfiler.collectGarbage')
  const heap = await ask<{ usedSize: number; backingStorageSize: number }>('Runtime.getHeapUsage')
  const expression = 'Object.getPrototypeOf(setTimeout(() => undefined, 0))'
  const prototype = await ask<Evaluated>('Runtime.evaluate', { expression, objectGroup: group })
  const prototypeObjectId = prototype.result.objectId
  const { objects } = await ask<{ objects: { objectId: string } }>('Runtime.queryObjects', {
    prototypeObjectId,
    objectGroup: group,
  })
  const counted = await ask<Evaluated>('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: 'function () { return this.filter((timer) => !timer._destroyed).length }',
    returnByValue: true,
  })
  await ask('Runtime.releaseObjectGroup', { objectGroup: group })
  return {
    heapKb: heap.usedSize / 1024,
    buffersKb: heap.backingStorageSize / 1024,
    timers: counted.result.value ?? Number.NaN,
  }
}

/** Sessions of all workers, which are told of when they are asked for. */
class Workers {
  readonly sessions = new Map<string, Session>()
  private readonly main: Session

  constructor(main: Session) {
    this.main = main
  }

  happened({ method, params }: Message): void {
    const id = params?.sessionId ?? ''
    if (method === 'NodeWorker.attachedToWorker') {
      const send = (message: string): void =>
        void this.main.ask('NodeWorker.sendMessageToWorker', { sessionId: id, message })
      this.sessions.set(id, new Session(send))
    } else if (method === 'NodeWorker.receivedMessageFromWorker')
      this.sessions.get(id)?.take(JSON.parse(params?.message ?? '{}') as Message)
  }
}

/** Asks the process whose inspector listens at a port of 127.0.0.1; its threads stand still for some milliseconds. */
export async function innardsOf(port: number): Promise<Innards> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '')
  const main = new Session((text) => socket.send(text))
  const workers = new Workers(main)
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.method === undefined) main.take(message)
    else workers.happened(message)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('the inspector cannot be reached')))
  })
  try {
    await main.ask('NodeWorker.enable', { waitForDebuggerOnStart: false })
    const all = [await threadInnards(main.ask)]
    for (const { ask } of workers.sessions.values()) all.push(await threadInnards(ask))
    await main.ask('NodeWorker.disable')
    const sum = (of: keyof Innards): number => all.reduce((total, one) => total + one[of], 0)
    return { heapKb: sum('heapKb'), buffersKb: sum('buffersKb'), timers: sum('timers') }
  } finally {
    socket.close()
  }
}
