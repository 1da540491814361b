import { sql } from 'kysely'
import type { Person } from '../../api/administration.ts'
import type { Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { checkRoleChange } from '../../domain/role-change.ts'
import type { Tx } from '../db/database.ts'
import { pageClauses, pageFrom, type ListQuery } from '../db/paging.ts'
import { certify, setPassphrase } from './identity.ts'
import { closeSessionsOf, rolesOf } from './sessions.ts'

interface Row {
  person_id: string
  name: string
  display_name: string
  roles: string[]
  languages: string[]
  disabled_at: Date | null
  line_ids: string[]
}

const columns = sql`t.person_id, t.name, t.display_name, t.roles, t.languages, t.disabled_at,
  array(select line_id from person_line l where l.person_id = t.person_id order by line_id) line_ids`

const shown = (row: Row): Person => ({
  personId: row.person_id,
  name: row.name,
  displayName: row.display_name,
  roles: rolesOf(row.roles),
  languages: row.languages,
  lineIds: row.line_ids,
  disabledAt: row.disabled_at?.toISOString() ?? null,
})

/** One page of the hotline's staff, the disabled ones last. */
export async function listPeople(tx: Tx, query: ListQuery): Promise<{ rows: Person[]; next: string | null }> {
  const listed = {
    table: 'person',
    id: 'person_id',
    name: `(t.name || ' ' || t.display_name)`,
    first: '(t.disabled_at is not null)',
  }
  const { rows } = await sql<Row>`select ${columns} from person t ${pageClauses(query, listed)}`.execute(tx)
  return pageFrom(rows.map(shown), query.limit, (person) => person.personId)
}

/** One member of staff; `person.notFound`. */
export async function readPerson(tx: Tx, personId: string): Promise<Person> {
  const { rows } = await sql<Row>`select ${columns} from person t where t.person_id = ${personId}`.execute(tx)
  const [row] = rows
  if (!row) throw new Problem('person.notFound')
  return shown(row)
}

/** Who changes staff. */
export interface Changer {
  personId: string
  roles: readonly Role[]
}

/**
 * Changes a member of staff; disabling or a new passphrase ends their sessions. `person.lastAdministrator`; what
 * checkRoles() refuses.
 */
export async function changePerson(
  tx: Tx,
  hotlineId: string,
  personId: string,
  given: {
    name: string
    displayName: string
    roles: Role[]
    languages: string[]
    lineIds: string[]
    passphrase?: string | undefined
    disabled: boolean
  },
  by: Changer,
  now: Date,
): Promise<Person> {
  const before = await readPerson(tx, personId)
  if (given.disabled || !given.roles.includes('administrator')) await refuseLastAdministrator(tx, personId)
  await checkRoles(tx, by, { personId, before: before.roles, after: given.roles })
  await tx
    .updateTable('person')
    .set({
      name: given.name,
      display_name: given.displayName,
      roles: given.roles,
      languages: given.languages,
      disabled_at: given.disabled ? new Date(before.disabledAt ?? now) : null,
      failures: 0,
      locked_until: null,
    })
    .where('person_id', '=', personId)
    .execute()
  await certify(tx, hotlineId, personId, given.lineIds)
  if (given.passphrase !== undefined)
    await setPassphrase(tx, { personId, name: given.name }, given.passphrase)
  if (given.disabled) await closeSessionsOf(tx, personId, null)
  return readPerson(tx, personId)
}

/** Refuses roles that separation of duties forbids: `role.apart`, `role.own`, `role.needsSecurity`. */
export async function checkRoles(
  tx: Tx,
  by: Changer,
  change: { personId: string | null; before: readonly Role[]; after: readonly Role[] },
): Promise<void> {
  const { rows } = await sql`
    select from person where 'security' = any(roles) and disabled_at is null limit 1`.execute(tx)
  checkRoleChange({ ...change, by, noSecurityOfficer: rows.length === 0 })
}

/** Locks the administrators, so that two of them cannot put out each other at the same moment. */
async function refuseLastAdministrator(tx: Tx, personId: string): Promise<void> {
  const administrators = await tx
    .selectFrom('person')
    .select('person_id')
    .where('disabled_at', 'is', null)
    .where(sql<boolean>`roles @> array['administrator']`)
    .orderBy('person_id')
    .forUpdate()
    .execute()
  if (administrators.length === 1 && administrators[0]?.person_id === personId)
    throw new Problem('person.lastAdministrator')
}
