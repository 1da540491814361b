import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apartIn, roles, type Role } from './permission.ts'
import { checkRoleChange, type RoleChange } from './role-change.ts'

const change: fc.Arbitrary<RoleChange> = fc.record({
  by: fc.record({ personId: fc.constantFrom('one', 'two'), roles: fc.subarray<Role>([...roles]) }),
  personId: fc.constantFrom('one', 'two', null),
  before: fc.subarray<Role>([...roles]),
  after: fc.subarray<Role>([...roles]),
  noSecurityOfficer: fc.boolean(),
})

const passes = (given: RoleChange): boolean => {
  try {
    checkRoleChange(given)
    return true
  } catch {
    return false
  }
}

test('nobody changes their own roles, and nobody comes to hold roles that are apart, whoever grants them', () => {
  fc.assert(
    fc.property(change, (given) => {
      const same = given.before.toSorted().join() === given.after.toSorted().join()
      if (!passes(given) || same) return
      expect(given.personId).not.toBe(given.by.personId)
      expect(apartIn(given.after)).toBeNull()
      expect(given.by.roles.some((role) => role === 'administrator' || role === 'security')).toBe(true)
    }),
  )
})

test('once a hotline has a security officer, an administrator changes everything of staff but roles', () => {
  const by = { personId: 'admin', roles: ['administrator' as const] }
  const given = { by, personId: 'x', before: ['counsellor' as const], after: ['supervisor' as const] }
  expect(passes({ ...given, noSecurityOfficer: true })).toBe(true)
  expect(passes({ ...given, noSecurityOfficer: false })).toBe(false)
  expect(passes({ ...given, after: ['counsellor'], noSecurityOfficer: false })).toBe(true)
  const security = { personId: 's', roles: ['security' as const] }
  expect(passes({ ...given, by: security, noSecurityOfficer: false })).toBe(true)
})

test('a refusal names the two roles that are apart', () => {
  const by = { personId: 'admin', roles: ['administrator' as const] }
  const after: Role[] = ['custodian', 'counsellor', 'supervisor']
  expect(() => checkRoleChange({ by, personId: null, before: [], after, noSecurityOfficer: true })).toThrow(
    expect.objectContaining({ code: 'role.apart', detail: { roles: ['custodian', 'supervisor'] } }),
  )
})
