import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { mediaFormat, readRequest, type StreamRequest } from './streams/request.ts'
import { SoundFile, codeOf, type FailureCode } from './streams/sound-file.ts'

const longestMessage = 64 * 1024
/** Sound that came while the file was being made; half a minute. */
const mostEarly = 240_000

const farewellWithin = 1_000

/** What the recorder did since it started, for `GET /status`. */
export interface RecorderStatus {
  /** Streams being written. */
  streams: number
  finished: number
  /** Streams turned away, by reason. */
  refused: Record<string, number>
  /** Recordings that stopped early, by reason. */
  failed: Partial<Record<FailureCode, number>>
  /** When the disk last failed us, ISO; null never or not since a later recording went well. */
  diskTroubleSince: string | null
}

/** A running recorder. */
export interface Recorder {
  port: number
  status(): RecorderStatus
  /** Ends all files cleanly, then closes. */
  close(): Promise<void>
}

export interface RecorderOptions {
  /** 0 takes any free one. Always on 127.0.0.1. */
  port: number
  data: string
  log: (message: string, fields?: Record<string, string | number>) => void
}

/** Starts listening. Rejects with the system's error when the port is taken. */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const recorder = new RunningRecorder(options)
  await recorder.listen()
  return recorder
}

class RunningRecorder implements Recorder {
  private readonly options: RecorderOptions
  private readonly http = createServer((request, response) => this.answer(request, response))
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestMessage,
    perMessageDeflate: false,
  })
  private readonly open = new Set<Promise<void>>()
  private readonly counts: RecorderStatus = {
    streams: 0,
    finished: 0,
    refused: {},
    failed: {},
    diskTroubleSince: null,
  }

  constructor(options: RecorderOptions) {
    this.options = options
    this.http.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      this.sockets.handleUpgrade(request, socket, head, (opened) => this.accept(opened, request))
    })
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject)
      this.http.listen(this.options.port, '127.0.0.1', resolve)
    })
  }

  status(): RecorderStatus {
    return { ...this.counts, streams: this.open.size }
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.close(1001, 'stopping')
    const impatient = setTimeout(() => {
      for (const socket of this.sockets.clients) socket.terminate()
    }, farewellWithin)
    await Promise.all(this.open)
    clearTimeout(impatient)
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve())
      this.http.closeAllConnections()
    })
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const known = request.method === 'GET' && request.url === '/status'
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(known ? this.status() : { error: 'unknown' }))
  }

  private accept(socket: WebSocket, request: IncomingMessage): void {
    socket.on('error', () => socket.terminate())
    const wanted = readRequest(request.url)
    if (!wanted) return this.refuse(socket, 1008, 'bad-address')
    const work = this.receive(socket, wanted).finally(() => this.open.delete(work))
    this.open.add(work)
  }

  private refuse(socket: WebSocket, code: number, reason: string): void {
    this.counts.refused[reason] = (this.counts.refused[reason] ?? 0) + 1
    this.options.log('stream refused', { reason })
    socket.close(code, reason)
  }

  /** One stream from its first byte to the closed file. Never rejects. */
  private async receive(socket: WebSocket, wanted: StreamRequest): Promise<void> {
    const early = new EarlySound(socket)
    const key = await this.publicKey(wanted.hotline)
    if (key === null) return this.refuse(socket, 1011, 'no-key')
    const file = await this.makeFile(socket, wanted, key)
    if (!file) return
    early.handOver((frame) => file.write(frame))
    const code = await early.ended
    const summary = await file.finish(code === 1000 || code === 1001 || code === 1005)
    if (!summary) return
    this.counts.finished += 1
    this.counts.diskTroubleSince = null
    const { recording, side, segment, samples } = summary
    this.options.log('stream stored', { recording, side, segment, samples })
  }

  private async makeFile(socket: WebSocket, wanted: StreamRequest, key: string): Promise<SoundFile | null> {
    const stopped = (code: FailureCode) => {
      this.counts.failed[code] = (this.counts.failed[code] ?? 0) + 1
      this.counts.diskTroubleSince ??= new Date().toISOString()
      this.options.log('recording stopped', { recording: wanted.recording, side: wanted.side, reason: code })
      socket.close(1011, code)
    }
    try {
      return await SoundFile.create(join(this.options.data, 'recordings'), wanted, key, stopped)
    } catch (error) {
      stopped(codeOf(error))
      return null
    }
  }

  /** The hotline's public key, written by the server; null when there is none or it is none. */
  private async publicKey(hotline: string): Promise<string | null> {
    const path = join(this.options.data, 'keys', `${hotline}.recording.pub`)
    const text = await readFile(path, 'utf8').catch(() => '')
    return /^age1[0-9a-z]{58}$/m.exec(text)?.[0] ?? null
  }
}

/** Keeps what a socket sends until there is a file for it, then passes it on. */
class EarlySound {
  /** The code with which the socket closed. */
  readonly ended: Promise<number>
  private kept: Buffer[] = []
  private keptBytes = 0
  private sink: ((frame: Buffer) => void) | null = null

  constructor(socket: WebSocket) {
    this.ended = new Promise((resolve) => socket.once('close', resolve))
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (!(data instanceof Buffer)) return
      if (isBinary) this.take(data)
      else if ((mediaFormat(data.toString()) ?? 'ulaw') !== 'ulaw') socket.close(1003, 'only ulaw')
    })
  }

  handOver(sink: (frame: Buffer) => void): void {
    for (const frame of this.kept) sink(frame)
    this.kept = []
    this.sink = sink
  }

  private take(frame: Buffer): void {
    if (this.sink) return this.sink(frame)
    this.keptBytes += frame.length
    if (this.keptBytes <= mostEarly) this.kept.push(frame)
  }
}
