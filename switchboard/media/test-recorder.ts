import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { decode } from './g711.ts'
import { FRAME } from './inlet.ts'
import { levelOf } from './tone.ts'

/** For tests: the far end of external media, which remembers the frames it got. */
export class TestRecorder {
  readonly texts: string[] = []
  readonly frames: { at: number; samples: Int16Array }[] = []
  socket: WebSocket | null = null
  private readonly server: WebSocketServer

  private constructor(server: WebSocketServer) {
    this.server = server
    server.on('connection', (socket) => {
      this.socket = socket
      socket.on('message', (data: Buffer, binary: boolean) => {
        if (!binary) {
          this.texts.push(data.toString())
          return
        }
        const samples = new Int16Array(data.length)
        decode('PCMU', data, samples)
        const at = performance.now()
        for (let from = 0; from < samples.length; from += FRAME)
          this.frames.push({ at, samples: samples.subarray(from, from + FRAME) })
      })
    })
  }

  static async open(port = 0): Promise<TestRecorder> {
    const server = new WebSocketServer({ host: '127.0.0.1', port })
    await once(server, 'listening')
    return new TestRecorder(server)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
  }

  /** Samples of the last `ms`. */
  heard(ms: number): Int16Array {
    const since = performance.now() - ms
    return Int16Array.from(this.frames.filter(({ at }) => at >= since).flatMap(({ samples }) => [...samples]))
  }

  /** Which frequencies it got clearly in the last `ms`: two messages' worth, of 200 ms each. */
  hears(frequencies: number[], ms = 400): number[] {
    const samples = this.heard(ms)
    return frequencies.filter((hz) => levelOf(samples, hz) > 1500)
  }

  async close(): Promise<void> {
    for (const client of this.server.clients) client.terminate()
    this.server.close()
    await once(this.server, 'close')
  }
}
