import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ArchiveBroken, readArchive, startArchive, wholeOf } from './archive.ts'

type Made = { name: string; bytes: Uint8Array }

const totals = { rows: { contact: 3 }, sequences: [{ name: 's', last: '9007199254740993', called: true }] }

const packed = async (entries: Made[]): Promise<Buffer> => {
  const parts: Buffer[] = []
  const archive = startArchive((bytes) => Promise.resolve(void parts.push(Buffer.from(bytes))))
  for (const { name, bytes } of entries)
    await archive.add({ name, size: bytes.length, mode: 0o640, body: [Buffer.from(bytes)] })
  await archive.end(totals)
  return Buffer.concat(parts)
}

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

const part = fc.stringMatching(/^[a-z0-9.\u4e00-\u9fa5-]{1,30}$/u)
const entry = fc.record({
  name: fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((names) => `data/${names.join('/')}`.slice(0, 100)),
  bytes: fc.uint8Array({ maxLength: 3000 }),
})

test('what was put into an archive comes out of it, in order, whatever the names, lengths and pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.boolean(),
      async (entries, length, looks) => {
        const out: Made[] = []
        const ending = await readArchive(inPieces(await packed(entries), length), async (found) => {
          out.push({ name: found.name, bytes: looks ? await wholeOf(found) : Buffer.alloc(found.size) })
          expect(found.mode).toBe(0o640)
        })
        expect(out.map((one) => one.name)).toEqual(entries.map((one) => one.name))
        if (looks)
          for (const [at, one] of entries.entries()) expect(out[at]?.bytes).toEqual(Buffer.from(one.bytes))
        expect(ending).toMatchObject({ entries: entries.length, ...totals })
      },
    ),
    { numRuns: 60 },
  )
})

test('an archive of more entries than one list holds proves all of them', async () => {
  const entries = Array.from({ length: 2500 }, (_, n) => ({
    name: `data/cdr/${n}`,
    bytes: Buffer.from(`${n}`),
  }))
  const bytes = await packed(entries)
  const ending = await readArchive(inPieces(bytes, 65_536), () => Promise.resolve())
  expect(ending).toMatchObject({ entries: 2500, bytes: 8890 })
  const place = bytes.indexOf('2499', 512 * 2400)
  bytes[place + 1024] = (bytes[place + 1024] ?? 0) ^ 1
  await expect(readArchive(inPieces(bytes, 65_536), () => Promise.resolve())).rejects.toThrow(ArchiveBroken)
})

test('an archive with a byte changed, cut off, or with more behind it is refused', async () => {
  const bytes = await packed([{ name: 'data/cdr/Master.csv', bytes: Buffer.alloc(700, 'x') }])
  const read = (of: Buffer): Promise<unknown> => readArchive(inPieces(of, 1000), () => Promise.resolve())
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), async (place) => {
      await expect(read(bytes.subarray(0, place))).rejects.toThrow(ArchiveBroken)
    }),
    { numRuns: 40 },
  )
  await expect(read(Buffer.concat([bytes, Buffer.alloc(512)]))).rejects.toThrow(ArchiveBroken)
  for (const place of [0, 130, 600, 1100]) {
    const changed = Buffer.from(bytes)
    changed[place] = (changed[place] ?? 0) ^ 1
    await expect(read(changed)).rejects.toThrow(ArchiveBroken)
  }
})
