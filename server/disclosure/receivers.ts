/* Receivers: institutions that may be given packages, and the public keys those are encrypted to. */
import { Encrypter } from 'age-encryption'
import type { z } from 'zod'
import type { addReceiver, listReceivers, Receiver } from '../../api/disclosure.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { pageFrom } from '../db/paging.ts'
import {
  findReceiver,
  findReceivers,
  insertReceiver,
  markReceiverRemoved,
  type StoredReceiver,
} from './queries.ts'

const shown = (row: StoredReceiver): Receiver => ({
  receiverId: row.receiver_id,
  name: row.name,
  recipient: row.recipient,
  checked: row.checked,
  addedBy: row.added_by,
  addedAt: row.added_at.toISOString(),
})

/** One page of receivers by name. */
export async function receivers(
  tx: Tx,
  query: z.output<(typeof listReceivers)['query']>,
): Promise<{ rows: Receiver[]; next: string | null }> {
  return pageFrom((await findReceivers(tx, query)).map(shown), query.limit, (row) => row.receiverId)
}

/** A receiver that was not taken away; `receiver.notFound`. */
export async function receiverOf(tx: Tx, receiverId: string): Promise<StoredReceiver> {
  const row = await findReceiver(tx, receiverId)
  if (!row) throw new Problem('receiver.notFound')
  return row
}

/** Adds a receiver; `receiver.badKey` when nothing can be encrypted to the key. */
export async function add(
  tx: Tx,
  hotlineId: string,
  given: z.output<(typeof addReceiver)['body']>,
  by: { personId: string; now: Date },
): Promise<Receiver> {
  try {
    if (!/^age1[02-9ac-hj-np-z]{58}$/.test(given.recipient)) throw new Error('not an X25519 key')
    new Encrypter().addRecipient(given.recipient)
  } catch {
    throw new Problem('receiver.badKey')
  }
  const receiverId = newId(by.now.getTime())
  await insertReceiver(tx, hotlineId, { ...given, receiverId, personId: by.personId, at: by.now })
  return shown(await receiverOf(tx, receiverId))
}

/** Takes a receiver away; being away already is success. `receiver.notFound` when it never was. */
export async function remove(tx: Tx, receiverId: string, now: Date): Promise<void> {
  if (!(await markReceiverRemoved(tx, receiverId, now))) throw new Problem('receiver.notFound')
}
