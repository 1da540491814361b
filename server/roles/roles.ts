/* The matrix of who may do what, told from the rules that decide. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { readRoles } from '../../api/roles.ts'
import { apartIn, rights, roleRules, roles, type Role } from '../../domain/permission.ts'
import type { Tx } from '../db/database.ts'

interface Holder {
  display_name: string
  roles: string[]
}

/** Everybody who is not disabled, with what they hold; a hotline's staff is hundreds at most. */
async function findHolders(tx: Tx): Promise<Holder[]> {
  const { rows } = await sql<Holder>`
    select display_name, roles from person where disabled_at is null order by display_name, person_id`.execute(
    tx,
  )
  return rows
}

const apartFrom = (role: Role): Role[] => roles.filter((other) => apartIn([role, other]) !== null)

/** The rules in force and who holds what. */
export async function matrixOf(tx: Tx): Promise<z.input<(typeof readRoles)['reply']>> {
  const holders = (await findHolders(tx)).map((row) => ({
    displayName: row.display_name,
    roles: roles.filter((role) => row.roles.includes(role)),
  }))
  return {
    roles: roles.map((role) => ({
      role,
      group: roleRules[role].group,
      purposes: roleRules[role].purposes,
      apart: apartFrom(role),
      people: holders.filter((holder) => holder.roles.includes(role)).length,
    })),
    rights: rights.map((right) => ({
      right,
      rules: Object.fromEntries(
        roles.flatMap((role) => {
          const rule = roleRules[role].rights[right]
          return rule === undefined ? [] : [[role, rule]]
        }),
      ),
    })),
    together: holders.filter((holder) => apartIn(holder.roles) !== null),
  }
}
