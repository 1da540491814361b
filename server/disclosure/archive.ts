/* The plain inside of a package: a tar archive (POSIX ustar), which every office computer can unpack. */

const block = 512
const nameBytes = 100

/** One file of an archive; its length is known before its bytes are read. */
export interface ArchiveFile {
  name: string
  bytes: number
  content: () => AsyncIterable<Uint8Array>
}

/** A file whose bytes are at hand. */
export const fileOf = (name: string, bytes: Buffer): ArchiveFile => ({
  name,
  bytes: bytes.length,
  content: async function* () {
    yield bytes
  },
})

/** Names that are the same on every system and lead out of no folder. */
const isEntryName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9.-]*)*$/.test(name) && Buffer.byteLength(name) <= nameBytes

/** Everything of a header that does not depend on the file is fixed, so that a reader can compare the whole of it. */
function headerOf(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(block)
  const octal = (value: number, at: number, width: number): void => {
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  }
  header.write(name, 0, 'latin1')
  octal(0o600, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(bytes, 124, 12)
  octal(0, 136, 12)
  header.write('        0', 148, 'latin1')
  header.write('ustar\u000000', 257, 'latin1')
  octal(0, 329, 8)
  octal(0, 337, 8)
  const sum = header.reduce((all, byte) => all + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

const padding = (bytes: number): Buffer => Buffer.alloc((block - (bytes % block)) % block)

/** One file as it stands in the archive. Throws when its content is not as long as was said. */
export async function* archived(file: ArchiveFile): AsyncGenerator<Uint8Array> {
  if (!isEntryName(file.name)) throw new Error('not a name for an entry of a package')
  yield headerOf(file.name, file.bytes)
  let seen = 0
  for await (const chunk of file.content()) {
    seen += chunk.length
    yield chunk
  }
  if (seen !== file.bytes) throw new Error('an entry of a package is not as long as it said')
  yield padding(file.bytes)
}

/** The end of an archive: two empty blocks. */
export const archiveEnd = (): Buffer => Buffer.alloc(2 * block)

/** The archive is not what archived() writes. */
export class NotAnArchive extends Error {}

/** Reads just so many bytes at a time from a stream of chunks of any size. */
class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>
  private rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]()
  }

  /** At most `most` bytes, at least one; empty at the end. */
  async some(most: number): Promise<Buffer> {
    while (this.rest.length === 0) {
      const next = await this.source.next()
      if (next.done === true) return Buffer.alloc(0)
      this.rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    }
    const part = this.rest.subarray(0, most)
    this.rest = this.rest.subarray(part.length)
    return part
  }

  /** Exactly so many bytes; throws NotAnArchive when there are fewer. */
  async exactly(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = bytes; left > 0;) {
      const part = await this.some(left)
      if (part.length === 0) throw new NotAnArchive()
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts)
  }
}

/**
 * The files of an archive in order; each one's content must be read to its end before the next is asked for. Every byte
 * is checked to be what archived() would have written: throws NotAnArchive, also for anything after the end.
 */
export async function* archiveFiles(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveFile> {
  const reader = new ByteReader(source)
  for (;;) {
    const header = await reader.exactly(block)
    if (header.every((byte) => byte === 0)) break
    const name = header.toString('latin1', 0, nameBytes).replace(/\0.*$/s, '')
    const bytes = Number.parseInt(header.toString('latin1', 124, 135), 8)
    if (!isEntryName(name) || !Number.isSafeInteger(bytes) || !headerOf(name, bytes).equals(header))
      throw new NotAnArchive()
    let left = bytes
    yield {
      name,
      bytes,
      content: async function* () {
        while (left > 0) {
          const part = await reader.some(left)
          if (part.length === 0) throw new NotAnArchive()
          left -= part.length
          yield part
        }
      },
    }
    if (left > 0) throw new Error('a file of the archive was left half read')
    if (!(await reader.exactly(padding(bytes).length)).every((byte) => byte === 0)) throw new NotAnArchive()
  }
  if (!(await reader.exactly(block)).every((byte) => byte === 0)) throw new NotAnArchive()
  if ((await reader.some(1)).length > 0) throw new NotAnArchive()
}
