/* Checkpoints of the audit chain: made every hour and at will, kept here and outside, held against the chain (G24-7.3). */
import { createPublicKey, verify } from 'node:crypto'
import { sql } from 'kysely'
import { checkpointOf, signedText, type Checkpoint } from '../../domain/checkpoint.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { KeysRefused, type Keys } from '../records/keys.ts'

/** What signs for a hotline and says by which key (Ed25519). */
export type Signing = Pick<Keys, 'sign' | 'signer'>

/** What is wrong with a checkpoint, or with the chain that it was made of; `where` is its number. */
export interface CheckpointFault {
  of: 'checkpoint'
  where: string
  what: 'changed' | 'missing' | 'foreign' | 'rewritten' | 'cut-off'
}

interface Row {
  number: number
  at: Date
  seq: number
  hash: Buffer
  public_key: string
  signature: string
  /** What the chain has at that place now; null when it does not reach so far. */
  found: Buffer | null
}

const checkpointOfRow = (hotlineId: string, row: Row): Checkpoint => ({
  hotlineId,
  number: row.number,
  at: row.at,
  seq: row.seq,
  hash: row.hash.toString('hex'),
  publicKey: row.public_key,
  signature: row.signature,
})

async function checkpointRows(tx: Tx, after: number, limit: number, newest = false): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select c.number, c.at, c.seq, c.hash, c.public_key, c.signature, e.hash as found
    from audit_checkpoint c left join audit_event e on e.hotline_id = c.hotline_id and e.seq = c.seq
    where c.hotline_id = current_hotline() and c.number > ${after}
    order by c.number ${newest ? sql`desc` : sql`asc`} limit ${limit}`.execute(tx)
  return rows
}

/**
 * Signs where the hotline's audit chain stands now and keeps it; gives the last checkpoint again when nothing was added
 * since, null when the chain is empty. Throws KeysRefused when the key is not that of the last checkpoint.
 */
export async function makeCheckpoint(
  db: Database,
  keys: Signing,
  hotlineId: string,
  now: Date,
): Promise<Checkpoint | null> {
  return inHotline(db, hotlineId, async (tx) => {
    const { rows } = await sql<{ seq: number; hash: Buffer }>`
      select seq, hash from audit_chain where hotline_id = ${hotlineId} for update`.execute(tx)
    const [head] = rows
    if (!head || head.seq === 0) return null
    const [last] = await checkpointRows(tx, 0, 1, true)
    if (last && last.seq === head.seq && last.hash.equals(head.hash)) return checkpointOfRow(hotlineId, last)
    const publicKey = keys.signer(hotlineId).toString('base64url')
    if (last && last.public_key !== publicKey)
      throw new KeysRefused(
        'The signing key is not the one the last checkpoint was signed with: put the right one back from your backup. 签名密钥与上一个检查点不一致,请从备份中恢复正确的密钥。',
      )
    const number = (last?.number ?? 0) + 1
    const unsigned = { hotlineId, number, at: now, seq: head.seq, hash: head.hash.toString('hex'), publicKey }
    const signature = keys.sign(hotlineId, Buffer.from(signedText(unsigned))).toString('base64url')
    await sql`insert into audit_checkpoint (hotline_id, number, at, seq, hash, public_key, signature)
      values (${hotlineId}, ${number}, ${now}, ${head.seq}, ${head.hash}, ${publicKey}, ${signature})`.execute(
      tx,
    )
    return { ...unsigned, signature }
  })
}

/** Whether the signature is that of the key which the checkpoint itself names. */
function isSigned(checkpoint: Checkpoint): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: checkpoint.publicKey },
      format: 'jwk',
    })
    return verify(
      null,
      Buffer.from(signedText(checkpoint)),
      key,
      Buffer.from(checkpoint.signature, 'base64url'),
    )
  } catch {
    return false
  }
}

/** How a checkpoint stands to the chain: `found` is the hash the chain has at its place. */
function faultOf(
  checkpoint: Checkpoint,
  found: Buffer | null,
  publicKey: string | null,
): CheckpointFault['what'] | null {
  if (!isSigned(checkpoint)) return 'changed'
  if (publicKey !== null && checkpoint.publicKey !== publicKey) return 'foreign'
  if (found === null) return 'cut-off'
  return found.toString('hex') === checkpoint.hash ? null : 'rewritten'
}

const pageLength = 2000

/**
 * What is wrong with the stored checkpoints: one that was changed, left out, signed by another key than `publicKey` (null:
 * than the first one's), or that says the chain was rewritten or cut off after it.
 */
export async function* faultsOfCheckpoints(
  db: Database,
  hotlineId: string,
  publicKey: string | null,
): AsyncGenerator<CheckpointFault> {
  let key = publicKey
  for (let after = 0; ;) {
    const from = after
    const page = await inHotline(db, hotlineId, (tx) => checkpointRows(tx, from, pageLength))
    for (const row of page) {
      if (row.number !== after + 1) yield { of: 'checkpoint', where: String(after + 1), what: 'missing' }
      after = row.number
      const checkpoint = checkpointOfRow(hotlineId, row)
      const what = faultOf(checkpoint, row.found, key)
      if (what) yield { of: 'checkpoint', where: String(row.number), what }
      key ??= checkpoint.publicKey
    }
    if (page.length < pageLength) return
  }
}

/**
 * Holds the chain against a line that was kept outside; null when it is this hotline's chain still, or another hotline's
 * line. A text that is no checkpoint at all is `changed`.
 */
export async function faultOfLine(
  db: Database,
  hotlineId: string,
  line: string,
  publicKey: string | null,
): Promise<CheckpointFault | null> {
  const checkpoint = checkpointOf(line)
  if (!checkpoint) return { of: 'checkpoint', where: 'line', what: 'changed' }
  if (checkpoint.hotlineId !== hotlineId) return null
  const found = await inHotline(db, hotlineId, async (tx) => {
    const { rows } = await sql<{ hash: Buffer }>`
      select hash from audit_event where hotline_id = ${hotlineId} and seq = ${checkpoint.seq}`.execute(tx)
    return rows[0]?.hash ?? null
  })
  const what = faultOf(checkpoint, found, publicKey)
  return what && { of: 'checkpoint', where: String(checkpoint.number), what }
}
