/* The built web app: three pages and their assets, compressed once and kept. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../domain/problem.ts'

interface Page {
  mtimeMs: number
  plain: Buffer
  etag: string
  packed: Map<Encoding, Promise<Buffer>>
}
type Encoding = 'br' | 'gzip'

const kinds: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.wasm': 'application/wasm',
}
const worthPacking = /^(text\/|image\/svg|application\/(json|manifest|wasm))/
/** What a caller opens by a link: the token is behind `#` and never comes here. */
const questions = /^\/f\/?$/
/** Where a caller takes consent back by their code, which is typed and travels in bodies only. */
const withdrawal = /^\/w\/?$/
const desk =
  /^\/(desk|board|admin|callers|contacts|tasks|login|account|setup|reports|exceptions|incidents|custody)(\/|$)/

/**
 * Serves what `npm run build` left in `folder`: `/` is the public page, `/desk`, `/board`, `/admin` ... the staff's.
 * `fill` puts what is true now into the public page, which must say its numbers without JavaScript too.
 */
export function servePages(
  app: FastifyInstance,
  folder: string,
  fill: (html: string) => Promise<string> = async (html) => html,
): void {
  const kept = new Map<string, Page>()
  app.get('/*', async (request, reply) => {
    const path = decodeURIComponent(new URL(request.url, 'http://local').pathname)
    const file = fileOf(folder, path)
    const page = await load(kept, file)
    if (!page) return sendMissing(request, reply, kept, folder)
    if (path === '/') return sendFilled(request, reply, await fill(page.plain.toString()))
    return sendPage(request, reply, file, page)
  })
}

/** An address nobody serves: a browser gets the page that says so in words, a program the problem. */
async function sendMissing(
  request: FastifyRequest,
  reply: FastifyReply,
  kept: Map<string, Page>,
  folder: string,
): Promise<FastifyReply> {
  const file = join(folder, 'desk.html')
  const asksForPage = String(request.headers.accept ?? '').includes('text/html')
  const page = asksForPage && !request.url.startsWith('/api/') ? await load(kept, file) : null
  if (!page) throw new Problem('request.notFound')
  return sendPage(request, reply.code(404), file, page)
}

function fileOf(folder: string, path: string): string {
  if (path === '/') return join(folder, 'index.html')
  if (questions.test(path)) return join(folder, 'f.html')
  if (withdrawal.test(path)) return join(folder, 'w.html')
  if (desk.test(path)) return join(folder, 'desk.html')
  const file = normalize(join(folder, path))
  if (!file.startsWith(folder + sep) || file.includes('\0')) throw new Problem('request.notFound')
  return file
}

async function load(kept: Map<string, Page>, file: string): Promise<Page | null> {
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) return null
  const known = kept.get(file)
  if (known?.mtimeMs === found.mtimeMs) return known
  const plain = await readFile(file)
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  const page = { mtimeMs: found.mtimeMs, plain, etag, packed: new Map() }
  kept.set(file, page)
  return page
}

async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  file: string,
  page: Page,
): Promise<FastifyReply> {
  const kind = kinds[extname(file)] ?? 'application/octet-stream'
  // Vite puts a hash of the contents into the names below assets/.
  const lasting = file.includes(`${sep}assets${sep}`)
  reply.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
  reply.header('etag', page.etag).header('vary', 'accept-encoding').type(kind)
  if (request.headers['if-none-match'] === page.etag) return reply.code(304).send()
  const encoding = worthPacking.test(kind) ? wanted(request.headers['accept-encoding']) : null
  if (encoding === null) return reply.send(page.plain)
  return reply.header('content-encoding', encoding).send(await packed(file, page, encoding))
}

async function sendFilled(request: FastifyRequest, reply: FastifyReply, html: string): Promise<FastifyReply> {
  reply
    .header('cache-control', 'no-cache')
    .header('vary', 'accept-encoding')
    .type(kinds['.html'] ?? '')
  const encoding = wanted(request.headers['accept-encoding'])
  if (encoding === null) return reply.send(html)
  return reply.header('content-encoding', encoding).send(await pack(Buffer.from(html), encoding))
}

function wanted(accepts: string | string[] | undefined): Encoding | null {
  const words = String(accepts ?? '')
    .split(',')
    .map((word) => word.trim().split(';')[0])
  if (words.includes('br')) return 'br'
  return words.includes('gzip') ? 'gzip' : null
}

/** The build's own packed file where there is one, else packed here at the first request. */
function packed(file: string, page: Page, encoding: Encoding): Promise<Buffer> {
  const known = page.packed.get(encoding)
  if (known) return known
  const fresh = readFile(`${file}.${encoding === 'br' ? 'br' : 'gz'}`).catch(() => pack(page.plain, encoding))
  page.packed.set(encoding, fresh)
  return fresh
}

function pack(plain: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(plain, { level: 9 })
  return promisify(brotliCompress)(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  })
}
