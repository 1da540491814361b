import pg from 'pg'
import type { Config } from '../config.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { destroyKey, findKeys, keysOfDatabase, prepareKeys, rewrapAll } from '../records/data-keys.ts'
import type { Keys } from '../records/keys.ts'
import { finishKmsChange, makeNextKmsMaster } from '../records/kms.ts'
import { finishChange, isInFile, makeNextMaster } from '../records/master.ts'
import { findProgress, isKeyUsed, resealAll, rotateKeys } from '../records/resealing.ts'
import { CommandRefused } from './users.ts'

const usage = `npx hearthline keys list       data keys and how far the last re-sealing came
npx hearthline keys rotate     new data keys; everything is sealed anew while the hotline works; goes on when interrupted
npx hearthline keys reseal     seals with the keys of today what is not (records from before sealing)
npx hearthline keys rewrap     a new master key; back the key file up afterwards. Where HEARTHLINE_KMS_COMMAND is set it
                               is wrapped by that program; with --to-file it goes back into a file
npx hearthline keys destroy    destroys old keys that nothing has used for 30 days`

/** Time enough for every server to read a new key before anything is sealed with it, in ms. */
const settleMs = 5000
/** Old keys are kept this long after they were last used: somebody may still have an old backup or a page open. */
const keptMs = 30 * 86_400_000

/** `keys list | rotate | reseal | rewrap | destroy` (G24-6.2.2c). Every change is in the audit chain. */
export async function workOnKeys(db: Database, config: Config, args: string[]): Promise<void> {
  const [verb = '', ...more] = args
  if (!['list', 'rotate', 'reseal', 'rewrap', 'destroy'].includes(verb) || !isMore(verb, more))
    throw new CommandRefused(usage)
  // Only a rewrap brings a key from its file into the key management system.
  const from = verb === 'rewrap' && isInFile(config.data) ? null : config.kms
  const keys = await keysOfDatabase(db, config.data, config.sealing, from)
  if (verb === 'rewrap') return rewrap(db, keys, config, more.length > 0 ? null : config.kms)
  for (const hotlineId of await allHotlines(db)) {
    if (verb === 'list') await printKeys(db, hotlineId)
    else if (verb === 'destroy') await destroyOld(db, keys, hotlineId)
    else await seal(db, keys, hotlineId, verb)
  }
}

/** What may stand behind a verb. */
const isMore = (verb: string, more: string[]): boolean =>
  more.length === 0 || (verb === 'rewrap' && more.length === 1 && more[0] === '--to-file')

async function seal(db: Database, keys: Keys, hotlineId: string, verb: string): Promise<void> {
  await prepareKeys(db, keys, hotlineId)
  const sealed =
    verb === 'rotate' ? await rotateKeys(db, keys, hotlineId, settleMs) : await resealAll(db, keys, hotlineId)
  await note(db, hotlineId, verb === 'rotate' ? 'keys.rotated' : 'keys.resealed', { sealed })
  console.log(`${hotlineId}: ${sealed} values sealed anew. 已重新加密 ${sealed} 项。`)
}

const note = (db: Database, hotlineId: string, action: string, data: object): Promise<unknown> =>
  inHotline(db, hotlineId, (tx) =>
    appendAudit(tx, { at: new Date(), actor: null, action, data: { ...data, by: 'command line' } }),
  )

async function printKeys(db: Database, hotlineId: string): Promise<void> {
  await inHotline(db, hotlineId, async (tx) => {
    for (const key of await findKeys(tx, hotlineId))
      console.log(
        [hotlineId, key.key_class, key.key_id, key.way, key.state, key.created_at.toISOString()].join('\t'),
      )
    for (const one of await findProgress(tx))
      console.log(
        [hotlineId, one.target, one.resealed, one.finished_at?.toISOString() ?? 'underway'].join('\t'),
      )
  })
}

async function destroyOld(db: Database, keys: Keys, hotlineId: string): Promise<void> {
  const since = Date.now() - keptMs
  const old = (await inHotline(db, hotlineId, (tx) => findKeys(tx, hotlineId))).filter(
    (key) => key.state === 'retired' && (key.retired_at?.getTime() ?? Infinity) < since,
  )
  for (const { key_id: keyId } of old) {
    if (await isKeyUsed(db, keys, hotlineId, keyId)) {
      console.log(`${keyId} is still used: run "npx hearthline keys reseal". 密钥仍在使用。`)
      continue
    }
    await destroyKey(db, keys, hotlineId, keyId)
    await note(db, hotlineId, 'keys.destroyed', { keyId })
    console.log(`${keyId} destroyed. 已销毁。`)
  }
}

/** The new master key lies beside the old one until the database remembers it; whatever happens, one of them fits. */
async function rewrap(db: Database, keys: Keys, config: Config, kms: string | null): Promise<void> {
  const hotlines = await allHotlines(db)
  for (const hotlineId of hotlines) {
    await prepareKeys(db, keys, hotlineId)
    keys.resealFiles(hotlineId)
  }
  const owner = new pg.Client({ connectionString: config.ownerDatabaseUrl })
  await owner.connect()
  try {
    const next = kms === null ? makeNextMaster(config.data) : await makeNextKmsMaster(config.data, kms)
    const check = await rewrapAll(owner, keys, next)
    finishChange(config.data, check)
    finishKmsChange(config.data, check)
  } finally {
    await owner.end()
  }
  for (const hotlineId of hotlines) await note(db, hotlineId, 'keys.rewrapped', { kms: kms !== null })
  const name = kms === null ? 'master.key' : 'master.sealed'
  console.log(
    `The master key is new: back up keys/${name} now, and start Hearthline again. 主密钥已更换:请立即备份 keys/${name} 并重新启动。`,
  )
}
