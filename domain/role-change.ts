/* Who may be given which roles by whom: separation of duties, and nobody approves their own request. */
import { allows, apartIn, type Role } from './permission.ts'
import { Problem } from './problem.ts'

/** A change of somebody's roles, or the roles of somebody new. */
export interface RoleChange {
  by: { personId: string; roles: readonly Role[] }
  /** Null for somebody new. */
  personId: string | null
  before: readonly Role[]
  after: readonly Role[]
  /** Whether nobody active is the hotline's security officer. */
  noSecurityOfficer: boolean
}

/**
 * Refuses a change that separation of duties forbids: `role.apart` (its detail names the two), `role.own` for one's own
 * roles, `role.needsSecurity` for whoever may not grant roles any more because the hotline has a security officer.
 */
export function checkRoleChange(change: RoleChange): void {
  const { by, personId, before, after, noSecurityOfficer } = change
  const same = before.length === after.length && after.every((role) => before.includes(role))
  if (same) return
  if (personId === by.personId) throw new Problem('role.own')
  const pair = apartIn(after)
  if (pair) throw new Problem('role.apart', { roles: pair })
  if (!allows(by.roles, 'role.grant', { noSecurityOfficer })) throw new Problem('role.needsSecurity')
}
