/* Records that could be disclosed: contacts with answers, one of them recorded, and those who ask and decide. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { sql } from 'kysely'
import { enterContact } from '../../../api/contacts.ts'
import { addReceiver } from '../../../api/disclosure.ts'
import type { Role } from '../../../domain/permission.ts'
import { wholeResponse } from '../../../test/answers.ts'
import type { TestApp } from '../../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../../test/database.ts'
import { inHotline } from '../../db/database.ts'
import { newId } from '../../db/id.ts'

/** Words that no package may hold unless they were chosen. */
export const secretWords = '她说住在柳树巷三号'

/** A hotline with people, a line and a receiver. */
export async function aScene(app: TestApp) {
  const { db } = app
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId, { name: '普通线路' })
  const as = async (...roles: Role[]) => {
    const { personId, name } = await aPerson(db, hotlineId, { roles })
    return { personId, name, cookie: await app.cookieOf(hotlineId, personId) }
  }
  const people = {
    counsellor: await as('counsellor'),
    supervisor: await as('supervisor'),
    custodian: await as('custodian'),
    other: await as('custodian'),
    auditor: await as('auditor'),
  }
  const identity = await generateX25519Identity()
  const recipient = await identityToRecipient(identity)
  const added = await app.ask(addReceiver, {
    cookie: people.custodian.cookie,
    body: { name: '示例市精神卫生中心', recipient, checked: '当面核对 2026-11-20' },
  })
  const receiverId = String(added.body['receiverId'])
  const enter = async (
    given: Record<string, string> = {},
  ): Promise<{ contactId: string; number: number }> => {
    const { body } = await app.ask(enterContact, {
      cookie: people.counsellor.cookie,
      body: {
        lineId,
        callerNumber: '13800138000',
        startedAt: new Date(app.clock.now.getTime() - 3_600_000).toISOString(),
        endedAt: new Date(app.clock.now.getTime() - 1_800_000).toISOString(),
        response: wholeResponse({ notes: secretWords, ...given }),
      },
    })
    return { contactId: String(body['contactId']), number: Number(body['number']) }
  }
  const consent = (contactId: string, purpose: string, state: string): Promise<unknown> =>
    inHotline(db, hotlineId, (tx) =>
      sql`insert into consent_record (consent_id, hotline_id, contact_id, purpose, state, how, at)
        values (${newId()}, ${hotlineId}, ${contactId}, ${purpose}, ${state}, 'spoken', ${app.clock.now})`.execute(
        tx,
      ),
    )
  const record = (contactId: string, stands: 'given' | 'withdrawn') =>
    aRecording(app, hotlineId, contactId, stands)
  return { hotlineId, people, someone: as, identity, recipient, receiverId, enter, consent, record }
}

/** Gives a contact a second of sound as the recorder leaves it, encrypted to the hotline's key. */
async function aRecording(
  app: TestApp,
  hotlineId: string,
  contactId: string,
  stands: 'given' | 'withdrawn',
): Promise<string> {
  const recordingId = newId()
  const startedAt = new Date(app.clock.now.getTime() - 3_000_000)
  await app.keys.makeRecordingKeys(hotlineId)
  const publicFile = join(app.folder, 'keys', `${hotlineId}.recording.pub`)
  const about = { v: 1, recording: recordingId, side: 'caller', segment: 0, format: 'ulaw', rate: 8000 }
  const head = JSON.stringify({ ...about, startedAt: startedAt.toISOString() })
  const sound = Buffer.alloc(8000, 0x55)
  const encrypter = new Encrypter()
  encrypter.addRecipient((await readFile(publicFile, 'utf8')).trim())
  const month = startedAt.toISOString().slice(0, 7).split('-')
  const folder = join(app.folder, 'recordings', hotlineId, ...month)
  await mkdir(folder, { recursive: true })
  const sealed = await encrypter.encrypt(Buffer.concat([Buffer.from(`${head}\n`), sound]))
  await writeFile(join(folder, `${recordingId}.caller.age`), sealed)
  const sha256 = JSON.stringify({ 'caller.0': createHash('sha256').update(sound).digest('hex') })
  await inHotline(app.db, hotlineId, async (tx) => {
    await sql`insert into recording (recording_id, hotline_id, contact_id, kind, started_at, ended_at, duration_ms, sha256, state)
      values (${recordingId}, ${hotlineId}, ${contactId}, 'talk', ${startedAt},
        ${new Date(startedAt.getTime() + 1000)}, 1000, ${sha256}::jsonb, 'kept')`.execute(tx)
    await sql`update contact set consent = ${stands} where contact_id = ${contactId}`.execute(tx)
  })
  return recordingId
}
