import { sql } from 'kysely'
import type { Config } from '../config.ts'
import { outside, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { readAllKeys } from '../records/data-keys.ts'
import { KeysRefused, keysUnder, type Keys } from '../records/keys.ts'
import { openMasterOf } from '../records/kms.ts'
import { openPlaces } from '../records/records.ts'
import { checkpointOf, lineOf } from '../../domain/checkpoint.ts'
import { faultOfLine, faultsOf, makeCheckpoint, type Fault } from '../verify/verify.ts'
import { CommandRefused } from './users.ts'

/**
 * `verify [--checkpoint LINE]...`: re-computes every chain of events, every checkpoint, every gapless number and every
 * recording's hash of all hotlines, opens everything that is sealed, holds the chain against lines that were kept outside, prints one line for each thing
 * that is wrong, and ends with code 1 when there is one (G24-6.2.1a, 6.2.2c, 7.3).
 */
export async function verifyRecords(db: Database, config: Config, args: string[]): Promise<void> {
  const lines = linesIn(args)
  const keys = await keysOf(db, config)
  const places = await openPlaces(config)
  const seen = { links: 0, recordings: 0 }
  let faults = 0
  const tell = ({ of, where, what }: Fault): void => {
    faults += 1
    console.log(`${of}\t${where}\t${what}`)
  }
  const hotlines = await allHotlines(db)
  for (const hotlineId of hotlines) {
    const vault = keys ? { places, identity: keys.recordingIdentity(hotlineId) } : null
    const publicKey = keys ? keys.signer(hotlineId).toString('base64url') : null
    for await (const fault of faultsOf(db, hotlineId, vault, seen, publicKey, keys)) tell(fault)
    for (const line of lines) {
      const fault = await faultOfLine(db, hotlineId, line, publicKey)
      if (fault) tell(fault)
    }
  }
  for (const line of lines)
    if (!hotlines.includes(checkpointOf(line)?.hotlineId ?? ''))
      tell({ of: 'checkpoint', where: 'line', what: 'foreign' })
  if (!keys)
    console.log(
      'Recordings and sealed words were not looked at: their keys are not here. 未检查录音和加密内容:密钥不在此处。',
    )
  console.log(
    `${seen.links} events, ${seen.recordings} recordings, ${faults} faults. 已核对 ${seen.links} 条事件、${seen.recordings} 段录音,发现 ${faults} 处问题。`,
  )
  if (faults > 0) process.exitCode = 1
}

/** The lines given with `--checkpoint`; refused when one is not there or is no checkpoint. */
function linesIn(args: readonly string[]): string[] {
  const lines = args.flatMap((word, place) => (word === '--checkpoint' ? [args[place + 1] ?? ''] : []))
  if (lines.some((line) => checkpointOf(line) === null))
    throw new CommandRefused(
      'After --checkpoint comes a whole line that "hearthline checkpoint" printed. --checkpoint 之后应为 checkpoint 命令输出的完整一行。',
    )
  return lines
}

/** `checkpoint`: signs where each hotline's audit chain stands and prints the line for somebody outside to keep. */
export async function printCheckpoints(db: Database, config: Config): Promise<void> {
  const keys = await keysOf(db, config)
  if (!keys)
    throw new CommandRefused(
      'Checkpoints are signed with the keys of the data folder, which are not here. 检查点需用数据目录中的密钥签名,此处没有密钥。',
    )
  for (const hotlineId of await allHotlines(db)) {
    const made = await makeCheckpoint(db, keys, hotlineId, new Date())
    if (made) console.log(lineOf(made))
  }
}

/** The keys of the data folder; null where this machine has none, so that chains can be verified without them. */
async function keysOf(db: Database, { data, sealing, kms }: Config): Promise<Keys | null> {
  const { rows } = await outside(() => sql<{ value: Buffer }>`select value from key_check`.execute(db.doors))
  if (!rows[0]) return null
  try {
    const keys = keysUnder(await openMasterOf(data, rows[0].value, kms), data, sealing)
    await readAllKeys(db, keys)
    return keys
  } catch (error) {
    if (error instanceof KeysRefused) return null
    throw error
  }
}
