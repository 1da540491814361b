import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allows, apartIn, may, purposeOf, rights, rightsOf, roleRules, roles, ruleFor } from './permission.ts'
import { conditions, forPurpose, met, never, purposes, rule, type Facts, type Rule } from './rule.ts'

const facts: fc.Arbitrary<Facts> = fc.record(
  {
    ...Object.fromEntries(conditions.map((name) => [name, fc.boolean()])),
    hoursSinceEnd: fc.integer({ min: 0, max: 48 }),
    purpose: fc.constantFrom(...purposes),
  },
  { requiredKeys: [] },
)

const { rules } = fc.letrec<{ rules: Rule }>((tie) => ({
  rules: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Rule[]>('always', ...conditions),
    fc.integer({ min: 1, max: 48 }).map((withinHours): Rule => ({ withinHours })),
    fc.subarray([...purposes], { minLength: 1 }).map((purpose): Rule => ({ purpose })),
    fc.array(tie('rules'), { maxLength: 3 }).map((anyOf): Rule => ({ anyOf })),
    fc.array(tie('rules'), { minLength: 1, maxLength: 3 }).map((allOf): Rule => ({ allOf })),
  ),
}))

test('G24-3.3: every role has its file, and every right is held by somebody', () => {
  const folder = join(import.meta.dirname, 'roles')
  expect(readdirSync(folder).toSorted()).toEqual(roles.map((role) => `${role}.json`).toSorted())
  for (const role of roles) expect(existsSync(join(folder, `${roleRules[role].role}.json`))).toBe(true)
  for (const right of rights)
    expect(
      roles.filter((role) => may([role], right)),
      right,
    ).not.toEqual([])
  for (const group of ['administration', 'counselling', 'supervision'])
    expect(
      roles.some((role) => roleRules[role].group === group),
      group,
    ).toBe(true)
})

test('more known of a contact never takes a right away', () => {
  fc.assert(
    fc.property(rules, facts, facts, (wanted, some, more) => {
      fc.pre(met(wanted, some))
      const kept = Object.entries(some).filter(([, value]) => value !== false)
      expect(met(wanted, { ...more, ...Object.fromEntries(kept) })).toBe(true)
    }),
  )
})

test('what is left of a rule when its purpose is decided judges as the whole rule does', () => {
  fc.assert(
    fc.property(rules, facts, (wanted, known) => {
      expect(met(forPurpose(wanted, known.purpose), { ...known })).toBe(met(wanted, known))
      expect(rule.parse(structuredClone(wanted))).toEqual(wanted)
    }),
  )
})

test('a role more is a right more, never one less, and whoever is allowed something may do it at all', () => {
  const some = fc.subarray([...roles])
  fc.assert(
    fc.property(some, some, fc.constantFrom(...rights), facts, (one, other, right, known) => {
      const both = [...new Set([...one, ...other])]
      expect(allows(both, right, known)).toBe(allows(one, right, known) || allows(other, right, known))
      if (allows(one, right, known)) expect(may(one, right)).toBe(true)
    }),
  )
})

test('nobody without a role holds anything', () => {
  expect(rightsOf([])).toEqual([])
  for (const right of rights) expect(ruleFor([], right)).toEqual(never)
})

test('a counsellor reads the own contact and what their seat is writing up, a task only on a line of theirs', () => {
  const reads = (known: Facts): boolean => allows(['counsellor'], 'contact.read', known)
  expect([reads({}), reads({ own: true }), reads({ writingUp: true })]).toEqual([false, true, true])
  expect([reads({ assigned: true }), reads({ assigned: true, sameLine: true })]).toEqual([false, true])
})

test('a part handed over is written up within a day of the end, the own record as long as it is open', () => {
  const writes = (known: Facts): boolean => allows(['counsellor'], 'contact.write', known)
  expect(writes({ writingUp: true, hoursSinceEnd: 0 })).toBe(true)
  expect(writes({ writingUp: true, hoursSinceEnd: 25 })).toBe(false)
  expect(writes({ own: true, hoursSinceEnd: 25 })).toBe(true)
})

test('G24-7.5b: notes are read for the purpose a role has; a custodian must state one, nobody can borrow another’s', () => {
  const notes = (role: 'supervisor' | 'custodian' | 'administrator', purpose?: Facts['purpose']): boolean =>
    allows([role], 'contact.notes', purpose ? { purpose } : {})
  expect([notes('supervisor'), notes('supervisor', 'disclosure')]).toEqual([true, false])
  expect([notes('custodian'), notes('custodian', 'disclosure')]).toEqual([false, true])
  expect([notes('custodian', 'supervision'), notes('administrator', 'supervision')]).toEqual([false, false])
  expect(purposeOf(['custodian'], 'contact.notes')).toBe('custody')
  expect(purposeOf(['custodian'], 'contact.notes', 'request')).toBe('request')
})

test('system, security and audit are three people; a custodian is not a supervisor', () => {
  const apart = [
    ['administrator', 'security'],
    ['administrator', 'auditor'],
    ['security', 'auditor'],
    ['custodian', 'supervisor'],
  ] as const
  for (const pair of apart) {
    expect(apartIn(pair)?.toSorted(), pair.join()).toEqual(pair.toSorted())
    expect(apartIn([...pair].toReversed()), pair.join()).not.toBeNull()
  }
  expect(apartIn(['administrator', 'counsellor', 'supervisor'])).toBeNull()
  for (const role of roles) expect(apartIn([role])).toBeNull()
})
