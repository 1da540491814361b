/* A store of objects on this machine that speaks as much S3 as recordings need, over real HTTP, and fails when told to. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { StoreSettings } from '../server/records/store.ts'

/** How the store misbehaves: it answers 503, breaks off what it sends, keeps another byte, or forgets what checksums are. */
export type Mood = 'well' | 'failing' | 'cutting' | 'lying' | 'no-checksums'

/** A running store. */
export interface ObjectStore {
  settings: StoreSettings
  /** The bytes of each object by key. */
  objects: Map<string, Buffer>
  /** What was asked, as `GET key` and so on. */
  asked: string[]
  mood: Mood
  /** Before an answer to a request; a test may wait here, or break something. */
  onRequest: (asked: string) => Promise<void> | void
  /** The machine is gone: connections are refused until {@link back}. */
  leave: () => Promise<void>
  back: () => Promise<void>
  /** The bucket keeps versions: what was deleted stays until each version is. */
  versioned: boolean
  versions: Map<string, Buffer[]>
}

const bucket = 'recordings'

/** Starts one on a free port of 127.0.0.1; call `leave()` in the end. */
export async function startObjectStore(): Promise<ObjectStore> {
  const sockets = new Set<Socket>()
  let port = 0
  const make = () => {
    const server = createServer((request, response) => {
      void serve(store, request, response).catch(() => response.destroy())
    })
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    return server
  }
  let server = make()
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  await listen()
  port = (server.address() as AddressInfo).port
  const store: ObjectStore = {
    settings: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket,
      prefix: 'hearthline/',
      pathStyle: true,
      accessKeyId: 'test-key',
      secretAccessKey: 'test-secret',
    },
    objects: new Map(),
    versions: new Map(),
    asked: [],
    mood: 'well',
    versioned: false,
    onRequest: () => undefined,
    async leave() {
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
    async back() {
      server = make()
      await listen()
    },
  }
  return store
}

async function serve(store: ObjectStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://store')
  const key = decodeURIComponent(url.pathname.slice(`/${bucket}/`.length))
  const asked = `${request.method ?? ''} ${key || url.search}`
  store.asked.push(asked)
  const body = request.method === 'PUT' ? await buffer(request) : null
  await store.onRequest(asked)
  if (store.mood === 'failing') return refuse(response, 503, 'SlowDown')
  if (!request.headers.authorization?.includes('Credential=test-key/'))
    return refuse(response, 403, 'AccessDenied')
  if (key === '') return list(store, url, response)
  switch (request.method) {
    case 'PUT':
      return put(store, key, body ?? Buffer.alloc(0), request, response)
    case 'DELETE':
      return remove(store, key, url.searchParams.get('versionId'), response)
    default:
      return give(store, key, request, response)
  }
}

function put(
  store: ObjectStore,
  key: string,
  body: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const said = request.headers['x-amz-checksum-sha256']
  if (typeof said === 'string' && said !== checksumOf(body)) return refuse(response, 400, 'BadDigest')
  const kept = Buffer.from(body)
  if (store.mood === 'lying') kept[kept.length - 1] = (kept.at(-1) ?? 0) ^ 1
  const before = store.objects.get(key)
  if (store.versioned && before) store.versions.set(key, [...(store.versions.get(key) ?? []), before])
  store.objects.set(key, kept)
  response.writeHead(200, { etag: `"${createHash('md5').update(kept).digest('hex')}"` }).end()
}

const checksumOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64')

function give(store: ObjectStore, key: string, request: IncomingMessage, response: ServerResponse): void {
  const whole = store.objects.get(key)
  if (!whole) return refuse(response, 404, 'NoSuchKey')
  const range = request.headers.range === undefined ? null : rangeOf(request.headers.range, whole.length)
  if (range && range.start >= whole.length) return refuse(response, 416, 'InvalidRange')
  const part = range ? whole.subarray(range.start, range.end) : whole
  const wantsChecksum = request.headers['x-amz-checksum-mode'] === 'ENABLED' && store.mood !== 'no-checksums'
  response.writeHead(range ? 206 : 200, {
    'content-length': part.length,
    ...(range
      ? { 'content-range': `bytes ${range.start}-${range.start + part.length - 1}/${whole.length}` }
      : {}),
    ...(wantsChecksum ? { 'x-amz-checksum-sha256': checksumOf(whole) } : {}),
  })
  if (request.method === 'HEAD') response.end()
  else if (store.mood !== 'cutting') response.end(part)
  else response.write(part.subarray(0, part.length >> 1), () => response.destroy())
}

/** `bytes=1-5`, or the last bytes by `bytes=-5`. */
function rangeOf(header: string, length: number): { start: number; end: number } {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d+)$/.exec(header) ?? []
  if (first === '') return { start: Math.max(0, length - Number(last)), end: length }
  return { start: Number(first), end: Number(last) + 1 }
}

function remove(store: ObjectStore, key: string, version: string | null, response: ServerResponse): void {
  const last = store.objects.get(key)
  if (version !== null) store.versions.delete(key)
  else if (store.versioned && last) store.versions.set(key, [...(store.versions.get(key) ?? []), last])
  if (version === null) store.objects.delete(key)
  const isMarked = store.versioned && version === null
  response.writeHead(204, isMarked ? { 'x-amz-delete-marker': 'true' } : {}).end()
}

/** A thousand names would be a page of AWS; here three are, so that pages are always turned. */
const pageLength = 3

function list(store: ObjectStore, url: URL, response: ServerResponse): void {
  const prefix = url.searchParams.get('prefix') ?? ''
  if (url.searchParams.has('versions')) {
    const found = [...store.versions].filter(([key]) => key.startsWith(prefix))
    const entries = found.flatMap(([key, versions]) =>
      versions.map((_, at) => `<Version><Key>${key}</Key><VersionId>${at}</VersionId></Version>`),
    )
    return answer(response, 'ListVersionsResult', entries.join(''))
  }
  const after = url.searchParams.get('continuation-token') ?? ''
  const keys = [...store.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted()
  const page = keys.slice(0, pageLength)
  const more = keys.length > page.length
  answer(
    response,
    'ListBucketResult',
    `<IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1) ?? ''}</NextContinuationToken>` : ''}` +
      page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join(''),
  )
}

const answer = (response: ServerResponse, name: string, inside: string): void =>
  void response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?><${name}>${inside}</${name}>`)

const refuse = (response: ServerResponse, status: number, code: string): void =>
  void response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`)
