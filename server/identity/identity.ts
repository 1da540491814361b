/* The front of identity: who somebody is, their passphrase, making staff. Staff themselves are in people.ts. */
import type { Me } from '../../api/session.ts'
import { rightsOf, type Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { SessionPerson } from '../http/serve.ts'
import { countAccount } from './lockout.ts'
import { fits, hashPassphrase, refuseWeak } from './passphrase.ts'
import { closeSessionsOf, rolesOf } from './sessions.ts'

export { resetFactorsOf } from './factors.ts'
export { demoPassphrase } from './passphrase.ts'
export { findPerson } from './sessions.ts'

/** The logged-in person as the web app knows them. */
export async function readMe(tx: Tx, personId: string): Promise<Me> {
  const row = await tx
    .selectFrom('person')
    .innerJoin('hotline', 'hotline.hotline_id', 'person.hotline_id')
    .select(['person_id', 'person.name', 'display_name', 'roles', 'hotline.name as hotline_name'])
    .select(['hotline.hotline_id', 'language', 'time_zone', 'demo'])
    .where('person_id', '=', personId)
    .executeTakeFirst()
  if (!row) throw new Problem('session.needed')
  const held = rolesOf(row.roles)
  return {
    personId: row.person_id,
    name: row.name,
    displayName: row.display_name,
    roles: held,
    rights: rightsOf(held),
    hotline: {
      hotlineId: row.hotline_id,
      name: row.hotline_name,
      language: row.language === 'en' ? 'en' : 'zh-CN',
      timeZone: row.time_zone,
      demo: row.demo,
    },
  }
}

/**
 * Changes the own passphrase; `session.wrongName` when the old one is wrong, which counts like a wrong log-in
 * (`session.locked`): who found a desk open cannot guess at it. All other sessions of the person end.
 */
export async function changePassphrase(
  db: Database,
  person: SessionPerson,
  given: { old: string; fresh: string },
  now: Date,
): Promise<void> {
  const stored = await inHotline(db, person.hotlineId, (tx) =>
    tx
      .selectFrom('person')
      .innerJoin('hotline', 'hotline.hotline_id', 'person.hotline_id')
      .select(['passphrase_hash', 'locked_until', 'demo'])
      .where('person_id', '=', person.personId)
      .executeTakeFirstOrThrow(),
  )
  const waitMs = (stored.locked_until?.getTime() ?? 0) - now.getTime()
  if (waitMs > 0) throw new Problem('session.locked', { retryAfterMs: waitMs })
  if (!(await fits(stored.passphrase_hash, given.old))) {
    await inHotline(db, person.hotlineId, (tx) => countAccount(tx, person.personId, now))
    throw new Problem('session.wrongName')
  }
  refuseWeak(given.fresh, person.name, stored.demo)
  const fresh = await hashPassphrase(given.fresh)
  await inHotline(db, person.hotlineId, async (tx) => {
    await tx
      .updateTable('person')
      .set({ passphrase_hash: fresh })
      .where('person_id', '=', person.personId)
      .execute()
    await closeSessionsOf(tx, person.personId, person.session)
    await appendAudit(tx, { at: now, actor: person.personId, action: 'passphrase.changed' })
  })
}

/** Gives a person a new passphrase, unlocks the account and ends its sessions; `person.weakPassphrase`. */
export async function setPassphrase(
  tx: Tx,
  person: { personId: string; name: string },
  passphrase: string,
): Promise<void> {
  const { demo } = await tx.selectFrom('hotline').select('demo').executeTakeFirstOrThrow()
  refuseWeak(passphrase, person.name, demo)
  await tx
    .updateTable('person')
    .set({ passphrase_hash: await hashPassphrase(passphrase), failures: 0, locked_until: null })
    .where('person_id', '=', person.personId)
    .execute()
  await closeSessionsOf(tx, person.personId, null)
}

/** Makes a member of staff and returns their id; `person.nameTaken`, `person.weakPassphrase`, `line.notFound`. */
export async function makePerson(
  tx: Tx,
  hotlineId: string,
  given: {
    name: string
    displayName: string
    roles: readonly Role[]
    languages?: readonly string[]
    lineIds: readonly string[]
    passphrase: string
    demo?: boolean
  },
): Promise<string> {
  refuseWeak(given.passphrase, given.name, given.demo ?? false)
  const personId = newId()
  await tx
    .insertInto('person')
    .values({
      person_id: personId,
      hotline_id: hotlineId,
      name: given.name,
      display_name: given.displayName,
      passphrase_hash: await hashPassphrase(given.passphrase),
      roles: [...given.roles],
      languages: [...(given.languages ?? ['zh-CN'])],
    })
    .execute()
  await certify(tx, hotlineId, personId, given.lineIds)
  return personId
}

/** Sets the lines a person may answer; `line.notFound`. */
export async function certify(
  tx: Tx,
  hotlineId: string,
  personId: string,
  lineIds: readonly string[],
): Promise<void> {
  const wanted = [...new Set(lineIds)]
  await tx.deleteFrom('person_line').where('person_id', '=', personId).execute()
  if (wanted.length === 0) return
  const known = await tx.selectFrom('line').select('line_id').where('line_id', 'in', wanted).execute()
  if (known.length < wanted.length) throw new Problem('line.notFound')
  await tx
    .insertInto('person_line')
    .values(wanted.map((lineId) => ({ hotline_id: hotlineId, person_id: personId, line_id: lineId })))
    .execute()
}
