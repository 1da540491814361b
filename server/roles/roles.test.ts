import { expect, test } from 'vitest'
import { readRoles } from '../../api/roles.ts'
import { may, rights, roles, type Role } from '../../domain/permission.ts'
import type { Rule } from '../../domain/rule.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'

const { db, ask, cookieOf } = await openTestApp()

interface Matrix {
  roles: { role: Role; people: number; apart: Role[] }[]
  rights: { right: (typeof rights)[number]; rules: Partial<Record<Role, Rule>> }[]
  together: { displayName: string; roles: Role[] }[]
}

test('G24-3.3: the matrix says of every role and right what the rules decide, and who holds what is apart', async () => {
  const hotlineId = await aHotline(db)
  const admin = await aPerson(db, hotlineId, { roles: ['administrator'] })
  const both = await aPerson(db, hotlineId, { roles: ['custodian', 'supervisor'] })
  const { status, body } = await ask(readRoles, { cookie: await cookieOf(hotlineId, admin.personId) })
  expect(status).toBe(200)
  const matrix = body as unknown as Matrix
  expect(matrix.rights.map((row) => row.right)).toEqual([...rights])
  for (const { right, rules } of matrix.rights)
    for (const role of roles) expect(rules[role] !== undefined, `${role} ${right}`).toBe(may([role], right))
  expect(matrix.rights.find((row) => row.right === 'contact.close')?.rules.counsellor).toBe('own')
  const people = Object.fromEntries(matrix.roles.map((row) => [row.role, row.people]))
  expect(people).toMatchObject({ administrator: 1, custodian: 1, supervisor: 1, counsellor: 0 })
  for (const one of matrix.roles)
    for (const other of one.apart)
      expect(matrix.roles.find((row) => row.role === other)?.apart, other).toContain(one.role)
  expect(matrix.together).toEqual([{ displayName: both.name, roles: ['supervisor', 'custodian'] }])
})
