/* Proves the records: chains of events and their checkpoints are whole, no number is missing, recordings are what they were. */
import { createHash } from 'node:crypto'
import { Problem } from '../../domain/problem.ts'
import { findRecordedSound, type Places } from '../records/records.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import type { Keys } from '../records/keys.ts'
import {
  auditLinks,
  contactLinks,
  disclosureLinks,
  incidentLinks,
  keptRecordings,
  wrongHeads,
  wrongNumbers,
  type KeptRecording,
  type Link,
} from './queries.ts'
import { faultsOfCheckpoints, type CheckpointFault } from './checkpoints.ts'
import { faultsOfSealed, type SealedFault } from './sealed.ts'

export { faultOfLine, makeCheckpoint, type Signing } from './checkpoints.ts'

/** One thing that is wrong: of what kind, where (an id, a number), and what. Nothing in it identifies a caller. */
export interface Fault {
  of:
    | 'contact'
    | 'audit'
    | 'incident'
    | 'disclosure'
    | 'number'
    | 'recording'
    | 'checkpoint'
    | SealedFault['of']
  where: string
  what:
    'changed' | 'missing' | 'cut-off' | 'unreadable' | 'away' | CheckpointFault['what'] | SealedFault['what']
}

/** What was looked at. */
export interface Verified {
  links: number
  recordings: number
}

const pageLength = 5000
const noChain = '00000000-0000-0000-0000-000000000000'

type Pages = (tx: Tx, after: { chain: string; seq: number }, limit: number) => Promise<Link[]>

/**
 * The first link of each chain that is not made of the one before it. A changed, removed or inserted link breaks its
 * chain there; what follows was made of the true one and holds again, so each fault is told once.
 */
function* breaksIn(
  links: Iterable<Link>,
  before: Link | null,
): Generator<{ link: Link; what: Fault['what'] }> {
  let last = before
  for (const link of links) {
    const same = last !== null && last.chain === link.chain
    const hash = createHash('sha256')
    if (same && last) hash.update(last.hash)
    const expected = hash.update(link.text).digest()
    if (link.seq !== (same && last ? last.seq + 1 : 1)) yield { link, what: 'missing' }
    else if (!expected.equals(link.hash)) yield { link, what: 'changed' }
    last = link
  }
}

async function* faultsOfChain(
  db: Database,
  hotlineId: string,
  of: Fault['of'],
  read: Pages,
  seen: Verified,
): AsyncGenerator<Fault> {
  const pageAfter = (link: Link | null): Promise<Link[]> => {
    const after: { chain: string; seq: number } = link ?? { chain: noChain, seq: 0 }
    const page = inHotline(db, hotlineId, (tx) => read(tx, after, pageLength))
    // Whoever stops listening has not asked for the page that is on its way.
    page.catch(() => undefined)
    return page
  }
  let last: Link | null = null
  let coming: Promise<Link[]> | null = pageAfter(null)
  while (coming) {
    const page: Link[] = await coming
    // The database reads on while this page is hashed.
    coming = page.length < pageLength ? null : pageAfter(page.at(-1) ?? null)
    for (const { link, what } of breaksIn(page, last))
      yield { of, where: of === 'audit' ? String(link.seq) : `${link.chain} ${link.seq}`, what }
    seen.links += page.length
    last = page.at(-1) ?? last
  }
}

/** Where the sound lies and how it is opened; null leaves recordings out. */
export interface SoundVault {
  places: Places
  identity: string
}

async function* faultsOfRecordings(
  db: Database,
  hotlineId: string,
  vault: SoundVault,
  seen: Verified,
): AsyncGenerator<Fault> {
  let after = noChain
  for (;;) {
    const from = after
    const page: KeptRecording[] = await inHotline(db, hotlineId, (tx) => keptRecordings(tx, from, 200))
    for (const recording of page) {
      seen.recordings += 1
      yield* faultsOfRecording(hotlineId, vault, recording)
    }
    after = page.at(-1)?.recording_id ?? after
    if (page.length < 200) return
  }
}

async function* faultsOfRecording(
  hotlineId: string,
  vault: SoundVault,
  recording: KeptRecording,
): AsyncGenerator<Fault> {
  const found = await findRecordedSound(vault, hotlineId, {
    recordingId: recording.recording_id,
    startedAt: recording.started_at,
    endedAt: recording.ended_at,
    storedAt: recording.stored_at,
  }).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'recording.away') return null
    throw error
  })
  // Nothing can be said of sound in a store that does not answer: it is told, and the rest is looked at.
  if (!found) return yield { of: 'recording', where: recording.recording_id, what: 'away' }
  for (const [piece, sha256] of Object.entries(recording.sha256)) {
    const digest = found.get(piece)
    const gone = found.has('') ? 'unreadable' : 'missing'
    if (digest === sha256) continue
    const what = digest === undefined ? gone : digest === null ? 'unreadable' : 'changed'
    yield { of: 'recording', where: `${recording.recording_id} ${piece}`, what }
  }
}

/**
 * Everything that is wrong with a hotline's records, as it is found; `seen` counts what was looked at. It reads in pages
 * and may run while calls go on. `publicKey` is the one that checkpoints must be signed with, where it is known; with
 * `keys` everything that is sealed is opened too.
 */
export async function* faultsOf(
  db: Database,
  hotlineId: string,
  vault: SoundVault | null,
  seen: Verified,
  publicKey: string | null = null,
  keys: Keys | null = null,
): AsyncGenerator<Fault> {
  yield* faultsOfChain(db, hotlineId, 'contact', contactLinks, seen)
  yield* faultsOfChain(db, hotlineId, 'audit', auditLinks, seen)
  yield* faultsOfChain(db, hotlineId, 'incident', incidentLinks, seen)
  yield* faultsOfChain(db, hotlineId, 'disclosure', disclosureLinks, seen)
  for (const { kind, chain } of await inHotline(db, hotlineId, wrongHeads))
    yield { of: kind, where: chain, what: 'cut-off' }
  yield* faultsOfCheckpoints(db, hotlineId, publicKey)
  for (const { first, last, given } of await inHotline(db, hotlineId, wrongNumbers)) {
    const where = first === last ? String(first) : `${first}-${last}`
    yield { of: 'number', where, what: given ? 'missing' : 'changed' }
  }
  if (keys) yield* faultsOfSealed(db, hotlineId, keys)
  if (vault) yield* faultsOfRecordings(db, hotlineId, vault, seen)
}
