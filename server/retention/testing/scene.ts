/* A hotline with people of every role, and contacts that ended long ago. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Endpoint, Input } from '../../../api/endpoint.ts'
import type { Role } from '../../../domain/permission.ts'
import { openTestApp, type Answer, type TestApp } from '../../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../../test/database.ts'
import { inHotline, type Tx } from '../../db/database.ts'
import { newId } from '../../db/id.ts'
import { recordCallConsent } from '../retention.ts'

/** Who works there: two custodians, for a list needs two other people. */
const staff = {
  custodian: ['custodian'],
  second: ['custodian'],
  supervisor: ['supervisor'],
  administrator: ['administrator'],
  counsellor: ['counsellor'],
  other: ['counsellor'],
} as const satisfies Record<string, readonly Role[]>

/** One of them. */
export type Who = keyof typeof staff

/** The hotline under test. */
export interface Scene extends TestApp {
  hotlineId: string
  lineId: string
  people: Readonly<Record<Who, string>>
  as: <E extends Endpoint>(who: Who, endpoint: E, given?: Partial<Input<E>>) => Promise<Answer>
  inside: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** A finished contact that ended so long ago, counselled by `counsellor`; its caller's number is sealed. */
  contact: (endedAt: Date, given?: { recorded?: boolean; state?: string }) => Promise<string>
}

/** Makes it. */
export async function openScene(): Promise<Scene> {
  const app = await openTestApp()
  const { db, keys, folder, cookieOf, ask } = app
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const people: Partial<Record<Who, string>> = {}
  const cookies: Partial<Record<Who, string>> = {}
  for (const who of Object.keys(staff) as Who[]) {
    const { personId } = await aPerson(db, hotlineId, { roles: [...staff[who]], lines: [lineId] })
    people[who] = personId
    cookies[who] = await cookieOf(hotlineId, personId)
  }
  const inside: Scene['inside'] = (work) => inHotline(db, hotlineId, work)
  return {
    ...app,
    hotlineId,
    lineId,
    people: people as Record<Who, string>,
    inside,
    as: (who, endpoint, given = {}) => ask(endpoint, { ...given, cookie: cookies[who] ?? '' }),
    contact: async (endedAt, { recorded = false, state = 'closed' } = {}) => {
      const contactId = newId()
      const numbers = keys.numbersOf(hotlineId)
      await inside(async (tx) => {
        await sql`select create_contact(${contactId}, ${lineId}, 'phone', ${state}, ${endedAt}, null,
          ${numbers.seal('13812345678')}, ${numbers.key('13812345678')}, null, true, null, null, null, '{}')`.execute(
          tx,
        )
        await sql`update contact set person_id = ${people.counsellor ?? null}, ended_at = ${endedAt},
          answered_at = ${endedAt}, outcome = 'answered', form = '{"item":[]}', consent = 'given'
          where contact_id = ${contactId}`.execute(tx)
        if (!recorded) return
        await aRecording(tx, { folder, hotlineId, contactId, at: endedAt })
        const said = { before: null, after: 'given', by: 'caller', actor: null } as const
        await recordCallConsent(tx, { hotlineId, contactId, ...said, now: endedAt })
      })
      return contactId
    },
  }
}

/** A recording whose files are where the recorder leaves them; what is in them does not matter here. */
async function aRecording(
  tx: Tx,
  given: { folder: string; hotlineId: string; contactId: string; at: Date },
): Promise<void> {
  const { hotlineId, contactId, at } = given
  const recordingId = newId()
  await sql`insert into recording (recording_id, hotline_id, contact_id, kind, started_at, ended_at, state, sha256)
    values (${recordingId}, ${hotlineId}, ${contactId}, 'talk', ${at}, ${at}, 'kept', '{"caller.1":"00ff"}')`.execute(
    tx,
  )
  const [year = '', month = ''] = at.toISOString().split('-')
  const folder = join(given.folder, 'recordings', hotlineId, year, month)
  await mkdir(folder, { recursive: true })
  for (const name of ['caller.age', 'seat.age', 'caller.json'])
    await writeFile(join(folder, `${recordingId}.${name}`), Buffer.alloc(9000, 0x55))
}
