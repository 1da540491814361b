/* What is inside a backup: a tar file that proves itself. Each entry's SHA-256 stands in a list that follows it. */
import { createHash } from 'node:crypto'
import { z } from 'zod'

const blockBytes = 512
/** How many entries one list holds, so that neither writer nor reader keeps more in mind. */
const listLength = 1000
/** The octal field of the ustar header holds no more. */
const largestEntry = 8 ** 11 - 1

const ending = z.object({
  entries: z.int(),
  bytes: z.int(),
  /** SHA-256 over the texts of all lists, in order. */
  sha256: z.string(),
  rows: z.record(z.string(), z.int()),
  sequences: z.array(z.object({ name: z.string(), last: z.string(), called: z.boolean() })),
})

/** The last entry of an archive: what the whole of it must add up to. `bytes` are those of the entries, as stored. */
export type Ending = z.infer<typeof ending>

/** An entry about to be written. */
export interface Entry {
  name: string
  size: number
  mode: number
  body: AsyncIterable<Buffer> | Iterable<Buffer>
}

/** An archive in the making. */
export interface ArchiveWriter {
  add(entry: Entry): Promise<void>
  end(totals: Pick<Ending, 'rows' | 'sequences'>): Promise<Ending>
}

/** The archive is not what its lists say, or is no archive of ours. */
export class ArchiveBroken extends Error {}

/** Begins an archive whose bytes go to `write`. */
export function startArchive(write: (bytes: Buffer) => Promise<void>): ArchiveWriter {
  const lists = createHash('sha256')
  const sums = { entries: 0, bytes: 0 }
  let listed: string[] = []
  let listCount = 0

  const put = async (entry: Entry): Promise<string> => {
    const digest = createHash('sha256')
    let size = 0
    await write(headerOf(entry))
    for await (const piece of entry.body) {
      size += piece.length
      digest.update(piece)
      await write(piece)
    }
    if (size !== entry.size) throw new ArchiveBroken(`${entry.name} changed its length`)
    await write(Buffer.alloc(padding(size)))
    return `${JSON.stringify({ name: entry.name, size, sha256: digest.digest('hex') })}\n`
  }
  const putText = async (name: string, text: string): Promise<void> => {
    const bytes = Buffer.from(text)
    await put({ name, size: bytes.length, mode: 0o600, body: [bytes] })
  }
  const putList = async (): Promise<void> => {
    const text = listed.join('')
    listed = []
    listCount += 1
    lists.update(text)
    await putText(`manifest/${String(listCount).padStart(6, '0')}.jsonl`, text)
  }
  return {
    async add(entry) {
      listed.push(await put(entry))
      sums.entries += 1
      sums.bytes += entry.size
      if (listed.length >= listLength) await putList()
    },
    async end(totals) {
      if (listed.length > 0) await putList()
      const whole = { ...sums, sha256: lists.digest('hex'), ...totals }
      await putText('manifest.json', JSON.stringify(whole))
      await write(Buffer.alloc(2 * blockBytes))
      return whole
    },
  }
}

/**
 * Reads an archive from its bytes and shows each entry to `visit`, which need not take its body. Returns the ending after
 * everything was compared with it. Throws ArchiveBroken.
 */
export async function readArchive(
  pieces: AsyncIterable<Buffer>,
  visit: (entry: Entry) => Promise<void>,
): Promise<Ending> {
  const source = new Source(pieces)
  try {
    return await readEntries(source, visit)
  } finally {
    await source.close()
  }
}

async function readEntries(source: Source, visit: (entry: Entry) => Promise<void>): Promise<Ending> {
  const lists = createHash('sha256')
  const sums = { entries: 0, bytes: 0 }
  let read = ''
  for (;;) {
    const head = parseHeader(await source.take(blockBytes))
    if (head.name === 'manifest.json') {
      const whole = ending.parse(JSON.parse((await source.takePadded(head.size)).toString('utf8')))
      const same = whole.entries === sums.entries && whole.bytes === sums.bytes && read === ''
      if (!same || whole.sha256 !== lists.digest('hex')) throw new ArchiveBroken('the ending does not fit')
      await source.expectEnd()
      return whole
    }
    if (head.name.startsWith('manifest/')) {
      const text = (await source.takePadded(head.size)).toString('utf8')
      if (text !== read) throw new ArchiveBroken('an entry is not what its list says')
      lists.update(text)
      read = ''
      continue
    }
    const digest = createHash('sha256')
    source.left = head.size
    await visit({ ...head, body: source.flow(digest) })
    for await (const _rest of source.flow(digest));
    await source.take(padding(head.size))
    read += `${JSON.stringify({ name: head.name, size: head.size, sha256: digest.digest('hex') })}\n`
    sums.entries += 1
    sums.bytes += head.size
  }
}

/** All of an entry's bytes, for those that are known to be small. */
export async function wholeOf(entry: Entry): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const piece of entry.body) parts.push(piece)
  return Buffer.concat(parts)
}

/** Hands out bytes of a stream in the lengths that are asked for. */
class Source {
  /** How much of the entry being read was not taken yet. */
  left = 0
  private readonly pieces: AsyncIterator<Buffer>
  private rest: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Buffer>) {
    this.pieces = pieces[Symbol.asyncIterator]()
  }

  async *flow(digest: { update(piece: Buffer): unknown }): AsyncGenerator<Buffer> {
    while (this.left > 0) {
      const piece = await this.next(this.left)
      this.left -= piece.length
      digest.update(piece)
      yield piece
    }
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let wanted = length; wanted > 0;) {
      const piece = await this.next(wanted)
      parts.push(piece)
      wanted -= piece.length
    }
    return Buffer.concat(parts)
  }

  async takePadded(length: number): Promise<Buffer> {
    const bytes = await this.take(length)
    await this.take(padding(length))
    return bytes
  }

  /** Two empty blocks, and then nothing: the reader of the sealed file must have seen its last chunk. */
  async expectEnd(): Promise<void> {
    const blocks = await this.take(2 * blockBytes)
    const more = this.rest.length > 0 || (await this.pieces.next()).done !== true
    if (more || blocks.some((byte) => byte !== 0)) throw new ArchiveBroken('something follows the end')
  }

  async close(): Promise<void> {
    await this.pieces.return?.()
  }

  private async next(most: number): Promise<Buffer> {
    while (this.rest.length === 0) {
      const { value, done } = await this.pieces.next()
      if (done === true) throw new ArchiveBroken('the end is missing')
      this.rest = value
    }
    const piece = this.rest.subarray(0, most)
    this.rest = this.rest.subarray(piece.length)
    return piece
  }
}

const padding = (size: number): number => (blockBytes - (size % blockBytes)) % blockBytes

// POSIX.1-2017, pax, "ustar Interchange Format": fields of fixed places, numbers in octal.
const fields = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  checksum: [148, 8],
  prefix: [345, 155],
} as const

function headerOf(entry: Pick<Entry, 'name' | 'size' | 'mode'>): Buffer {
  if (entry.size > largestEntry) throw new ArchiveBroken(`${entry.name} is too large`)
  const block = Buffer.alloc(blockBytes)
  const { name, prefix } = splitName(entry.name)
  block.write(name, fields.name[0])
  block.write(prefix, fields.prefix[0])
  block.write(octal(entry.mode, 7), fields.mode[0])
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(entry.size, 11), fields.size[0])
  block.write(octal(0, 11), 136)
  block.write('0', 156)
  block.write('ustar\u000000', 257, 'latin1')
  block.write(`${octal(checksumOf(block), 6)}\u0000 `, fields.checksum[0], 'latin1')
  return block
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

/** The sum of the header's bytes, its own field counted as blanks. */
function checksumOf(block: Buffer): number {
  const [at, length] = fields.checksum
  return block.reduce((sum, byte, index) => sum + (index >= at && index < at + length ? 32 : byte), 0)
}

function splitName(whole: string): { name: string; prefix: string } {
  if (Buffer.byteLength(whole) <= fields.name[1]) return { name: whole, prefix: '' }
  for (let at = whole.indexOf('/'); at > 0; at = whole.indexOf('/', at + 1)) {
    const [prefix, name] = [whole.slice(0, at), whole.slice(at + 1)]
    if (Buffer.byteLength(name) <= fields.name[1] && Buffer.byteLength(prefix) <= fields.prefix[1])
      return { name, prefix }
  }
  throw new ArchiveBroken(`${whole} is too long a name`)
}

function parseHeader(block: Buffer): { name: string; size: number; mode: number } {
  const text = ([at, length]: readonly [number, number]): string =>
    block.toString('utf8', at, at + length).split('\u0000', 1)[0] ?? ''
  const number = (field: readonly [number, number]): number => Number.parseInt(text(field), 8)
  if (number(fields.checksum) !== checksumOf(block)) throw new ArchiveBroken('a header is not one')
  const [name, prefix] = [text(fields.name), text(fields.prefix)]
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: number(fields.size),
    mode: number(fields.mode),
  }
}
