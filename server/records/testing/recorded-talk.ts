/* A talk that was recorded, as the recorder leaves it: its row, and files encrypted to a hotline's key. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Encrypter } from 'age-encryption'
import { sql } from 'kysely'
import { aHotline, aLine } from '../../../test/database.ts'
import { inHotline, type Database } from '../../db/database.ts'
import { newId } from '../../db/id.ts'
import { makeRecordingKeys } from '../recording.ts'

/** The key pair of every recording made here. */
export const keys = await makeRecordingKeys()
const startedAt = new Date('2026-11-21T10:00:00Z')
/** When it ended. */
export const endedAt = new Date('2026-11-21T10:00:02Z')

/** What was made, and where. */
export interface Recorded {
  hotlineId: string
  contactId: string
  recordingId: string
  /** The data folder, and in it the folder of the files. */
  data: string
  folder: string
}

/** Two seconds of sound on each of the sides, in a hotline of its own unless one is given. */
export const recordedTalk = async (
  db: Database,
  given: { sides: ('caller' | 'seat')[]; summaries: boolean },
): Promise<Recorded> => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const [contactId, recordingId] = [newId(), newId()]
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${startedAt}, null, null, null, null, false, null, null, null, '{}')`.execute(
      tx,
    )
    await sql`update contact set talk_ended_at = ${endedAt} where contact_id = ${contactId}`.execute(tx)
    await sql`insert into recording (recording_id, hotline_id, contact_id, kind, started_at) values (${recordingId}, ${hotlineId}, ${contactId}, 'talk', ${startedAt})`.execute(
      tx,
    )
  })
  const data = await mkdtemp(join(tmpdir(), 'vault-'))
  const folder = join(data, 'recordings', hotlineId, '2026', '11')
  await mkdir(folder, { recursive: true })
  const sound = Buffer.alloc(16_000, 0x55)
  for (const side of given.sides) {
    const about = {
      v: 1,
      recording: recordingId,
      side,
      segment: 0,
      startedAt: startedAt.toISOString(),
      format: 'ulaw',
      rate: 8000,
    }
    const encrypter = new Encrypter()
    encrypter.addRecipient(keys.recipient)
    const plain = Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), sound])
    const name = join(folder, `${recordingId}.${side}.age`)
    await writeFile(name, await encrypter.encrypt(plain))
    const summary = {
      recording: recordingId,
      side,
      segment: 0,
      samples: 16_000,
      sha256: createHash('sha256').update(sound).digest('hex'),
      startedAt: startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
      clean: true,
    }
    if (given.summaries) await writeFile(`${name.slice(0, -4)}.json`, JSON.stringify(summary))
  }
  return { hotlineId, contactId, recordingId, data, folder }
}
