/* A store of objects that speaks S3: AWS, MinIO, Ceph, a cloud's own. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type * as Sdk from '@aws-sdk/client-s3'
import { Problem } from '../../domain/problem.ts'
import { placesOf, type FileMark, type OpenFile, type Places, type Store } from './place.ts'
import { firstBytes, lastBytes, readerOf } from './stretches.ts'

/** How the store is reached. Everything in it is sealed before it gets there. */
export interface StoreSettings {
  /** Null: AWS itself. */
  endpoint: string | null
  region: string
  bucket: string
  /** Stands before every name: empty, or with a slash at its end. */
  prefix: string
  /** `https://host/bucket/name` in place of `https://bucket.host/name`. */
  pathStyle: boolean
  accessKeyId: string
  secretAccessKey: string
}

const connectWithinMs = 3000
/** Without a byte for this long the store counts as away. */
const silentMs = 20_000
/** What is read back is read in such pieces. */
const pageBytes = 1024 * 1024

/** The places that the settings speak of. */
export async function openPlaces(config: { data: string; store: StoreSettings | null }): Promise<Places> {
  return placesOf(config.data, config.store && (await openStore(config.store)))
}

const silent = (): void => undefined

interface Bucket {
  sdk: typeof Sdk
  client: Sdk.S3Client
  bucket: string
  prefix: string
}

/** Opens the store; nothing is asked of it before something is to be read or moved. All its refusals are `recording.away`. */
async function openStore(settings: StoreSettings): Promise<Store> {
  // Loaded only where it is used: it is large.
  const sdk = await import('@aws-sdk/client-s3')
  const { bucket, prefix, region, accessKeyId, secretAccessKey, pathStyle, endpoint } = settings
  const client = new sdk.S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    region,
    forcePathStyle: pathStyle,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 2,
    // It would write to the console past our own log.
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    // The checksum that matters is our own; others' stores do not know the trailers of today's AWS.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectWithinMs, requestTimeout: silentMs, socketTimeout: silentMs },
  })
  const at: Bucket = { sdk, client, bucket, prefix }
  return {
    list: (beginning) => reached(() => namesIn(at, beginning)),
    open: (name) => reached(() => openObject(at, name)),
    remove: (name) => reached(() => removeObject(at, name)),
    holds: (name, mark) => reached(() => holds(at, name, mark)),
    put: (name, path, mark, signal) => reached(() => putObject(at, { name, path, mark, signal })),
  }
}

/** Whatever the store answers but what was asked for means that sound cannot be had now. Its words may name what is private. */
async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem('recording.away', { why: error instanceof Error ? error.name : 'unknown' })
  }
}

const keyOf = ({ prefix }: Bucket, name: string): string => `${prefix}${name}`

async function namesIn(at: Bucket, beginning: string): Promise<string[]> {
  const names: string[] = []
  let more: string | undefined
  do {
    const page = await at.client.send(
      new at.sdk.ListObjectsV2Command({
        Bucket: at.bucket,
        Prefix: keyOf(at, beginning),
        ...(more === undefined ? {} : { ContinuationToken: more }),
      }),
    )
    names.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(at.prefix.length)))
    more = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (more !== undefined)
  return names
}

/** Its beginning and its end are asked for at once: both are needed before anything is heard. */
async function openObject(at: Bucket, name: string): Promise<OpenFile> {
  const [first, last] = await Promise.all([
    rangeOf(at, name, { from: 0, length: firstBytes }),
    rangeOf(at, name, { last: lastBytes }),
  ])
  const { size } = first
  const known = [
    { from: 0, bytes: first.bytes },
    { from: size - last.bytes.length, bytes: last.bytes },
  ]
  const fetch = async (from: number, length: number): Promise<Buffer> =>
    (await rangeOf(at, name, { from, length })).bytes
  return { size, read: readerOf(size, known, fetch), close: () => Promise.resolve() }
}

type Range = { from: number; length: number } | { last: number }

const headerOf = (range: Range): string =>
  'last' in range ? `bytes=-${range.last}` : `bytes=${range.from}-${range.from + range.length - 1}`

/** How many bytes of an object the range has. */
const lengthOf = (range: Range, size: number): number =>
  'last' in range ? Math.min(range.last, size) : Math.min(range.length, size - range.from)

const rangeTries = 2

/** A stretch of an object and the object's whole size; an answer that was cut short is asked for once more. */
async function rangeOf(at: Bucket, name: string, range: Range): Promise<{ bytes: Buffer; size: number }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await oneRange(at, name, range)
    } catch (error) {
      if (tries >= rangeTries || statusOf(error) !== undefined) throw error
    }
  }
}

async function oneRange(
  { sdk, client, bucket, prefix }: Bucket,
  name: string,
  range: Range,
): Promise<{ bytes: Buffer; size: number }> {
  const answer = await client
    .send(
      new sdk.GetObjectCommand({
        Bucket: bucket,
        Key: `${prefix}${name}`,
        Range: headerOf(range),
      }),
    )
    .catch((error: unknown) => {
      // An object without a byte has no range.
      if (statusOf(error) === 416) return null
      throw error
    })
  if (!answer) return { bytes: Buffer.alloc(0), size: 0 }
  const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
  const size = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? bytes.length)
  if (bytes.length !== lengthOf(range, size)) throw new Error('the answer was cut short')
  return { bytes, size }
}

/** Where the bucket keeps versions they go as well: a mark that something is deleted destroys nothing. */
async function removeObject(at: Bucket, name: string): Promise<void> {
  const { sdk, client, bucket } = at
  const object = { Bucket: bucket, Key: keyOf(at, name) }
  const removed = await client.send(new sdk.DeleteObjectCommand(object))
  if (!removed.DeleteMarker) return
  const kept = await client.send(new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix: object.Key }))
  for (const { Key, VersionId } of [...(kept.Versions ?? []), ...(kept.DeleteMarkers ?? [])])
    if (Key === object.Key && VersionId !== undefined)
      await client.send(new sdk.DeleteObjectCommand({ ...object, VersionId }))
}

async function holds(at: Bucket, name: string, mark: FileMark): Promise<boolean> {
  const { sdk, client, bucket } = at
  const object = { Bucket: bucket, Key: keyOf(at, name) }
  const head = await client
    .send(new sdk.HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }))
    .catch((error: unknown) => {
      if (statusOf(error) === 404) return null
      throw error
    })
  if (!head || head.ContentLength !== mark.size) return false
  if (head.ChecksumSHA256 !== undefined) return head.ChecksumSHA256 === mark.sha256.toString('base64')
  return sameBytes(at, name, mark)
}

/** A store that keeps no checksums is read back. */
async function sameBytes(at: Bucket, name: string, mark: FileMark): Promise<boolean> {
  const digest = createHash('sha256')
  for (let from = 0; from < mark.size; from += pageBytes)
    digest.update((await rangeOf(at, name, { from, length: Math.min(pageBytes, mark.size - from) })).bytes)
  return digest.digest().equals(mark.sha256)
}

async function putObject(
  { sdk, client, bucket, prefix }: Bucket,
  given: { name: string; path: string; mark: FileMark; signal: AbortSignal },
): Promise<void> {
  const { name, path, mark, signal } = given
  const body = createReadStream(path)
  try {
    await client.send(
      new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: `${prefix}${name}`,
        Body: body,
        ContentLength: mark.size,
        ChecksumSHA256: mark.sha256.toString('base64'),
      }),
      { abortSignal: signal },
    )
  } finally {
    body.destroy()
  }
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode
}
