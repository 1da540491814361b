import { sql } from 'kysely'
import { outside, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { KeysRefused, openKeys, type Keys } from '../records/keys.ts'
import { faultsOf } from '../verify/verify.ts'

/**
 * `verify`: re-computes every chain of events, every gapless number and every recording's hash of all hotlines, prints one
 * line for each thing that is wrong, and ends with code 1 when there is one (G24-6.2.1a, 6.2.2c, 7.3).
 */
export async function verifyRecords(db: Database, dataFolder: string): Promise<void> {
  const keys = await keysOf(db, dataFolder)
  const seen = { links: 0, recordings: 0 }
  let faults = 0
  for (const hotlineId of await allHotlines(db)) {
    const vault = keys ? { data: dataFolder, identity: keys.recordingIdentity(hotlineId) } : null
    for await (const { of, where, what } of faultsOf(db, hotlineId, vault, seen)) {
      faults += 1
      console.log(`${of}\t${where}\t${what}`)
    }
  }
  if (!keys) console.log('Recordings were not looked at: their keys are not here. 未检查录音:密钥不在此处。')
  console.log(
    `${seen.links} events, ${seen.recordings} recordings, ${faults} faults. 已核对 ${seen.links} 条事件、${seen.recordings} 段录音,发现 ${faults} 处问题。`,
  )
  if (faults > 0) process.exitCode = 1
}

/** The keys of the data folder; null where this machine has none, so that chains can be verified without them. */
async function keysOf(db: Database, dataFolder: string): Promise<Keys | null> {
  const { rows } = await outside(() => sql<{ value: Buffer }>`select value from key_check`.execute(db.doors))
  if (!rows[0]) return null
  try {
    return openKeys(dataFolder, rows[0].value)
  } catch (error) {
    if (error instanceof KeysRefused) return null
    throw error
  }
}
