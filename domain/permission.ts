/**
 * Who may do what (G24-3.3: administration group, counselling group, supervision group, each with its own rights). The
 * rules are data, one file a role in domain/roles/. A new right is a name in {@link rights} and a line in the file of every
 * role that holds it; domain/permission.test.ts finds what was forgotten.
 */
import { z } from 'zod'
import administrator from './roles/administrator.json' with { type: 'json' }
import auditor from './roles/auditor.json' with { type: 'json' }
import counsellor from './roles/counsellor.json' with { type: 'json' }
import custodian from './roles/custodian.json' with { type: 'json' }
import department from './roles/department.json' with { type: 'json' }
import evaluator from './roles/evaluator.json' with { type: 'json' }
import security from './roles/security.json' with { type: 'json' }
import supervisor from './roles/supervisor.json' with { type: 'json' }
import { forPurpose, met, purposes, rule, type Facts, type Purpose, type Rule } from './rule.ts'

/** The roles, in the order in which they are shown. */
export const roles = [
  'administrator',
  'counsellor',
  'supervisor',
  'custodian',
  'security',
  'auditor',
  'department',
  'evaluator',
] as const

/** A role a member of staff can hold; one person may hold several, but see {@link apartIn}. */
export type Role = (typeof roles)[number]

/** Every right there is; each route declares one (or 'anyone' for the public pages). Names are stable. */
export const rights = [
  'session.own',
  'duty.own',
  'call.own',
  'contact.own',
  'contact.list',
  'contact.read',
  'contact.all',
  'contact.notes',
  'contact.write',
  'contact.close',
  'contact.crisis',
  'contact.caller',
  'contact.number',
  'contact.byHand',
  'recording.listen',
  'board.see',
  'task.work',
  'line.change',
  'line.event',
  'seat.change',
  'person.change',
  'role.see',
  'role.grant',
  'prompt.change',
  'trunk.change',
  'hotline.change',
  'coverage.see',
  'form.change',
  'instrument.change',
  'assessment.ask',
  'crisis.work',
  'report.acknowledge',
  'risk.lower',
  'exception.see',
  'consent.record',
  'custody.see',
  'custody.work',
  'disposal.approve',
  'disclosure.see',
  'disclosure.ask',
  'disclosure.approve',
  'incident.work',
  'call.supervise',
  'caller.see',
  'caller.alert',
  'resource.see',
  'resource.change',
  'escalation.change',
  'audit.see',
  'access.see',
  'glass.break',
  'glass.review',
  'register.see',
  'register.work',
] as const

/** The name of a right. */
export type Permission = (typeof rights)[number]

/** The groups of the guide (G24-3.3), and those beside them. */
export const groups = [
  'administration',
  'counselling',
  'supervision',
  'custody',
  'security',
  'audit',
  'outside',
] as const

const roleFile = z.strictObject({
  role: z.enum(roles),
  group: z.enum(groups),
  /** What the role looks at personal data for; the first one unless another is stated. */
  purposes: z.array(z.enum(purposes)).min(1),
  /** Roles the same person may not hold (separation of duties). */
  apart: z.array(z.enum(roles)),
  rights: z.partialRecord(z.enum(rights), rule),
})

/** A role as its file says it. */
export type RoleRules = z.output<typeof roleFile>

const read = (file: unknown): RoleRules => roleFile.parse(file)

/** Every role's rules. A file with an unknown right or condition stops the program at its start. */
export const roleRules: Readonly<Record<Role, RoleRules>> = {
  administrator: read(administrator),
  counsellor: read(counsellor),
  supervisor: read(supervisor),
  custodian: read(custodian),
  security: read(security),
  auditor: read(auditor),
  department: read(department),
  evaluator: read(evaluator),
}

/** Whether any of the roles holds the right at all, be it under conditions: what opens a route or shows a page. */
export const may = (held: readonly Role[], right: Permission): boolean =>
  held.some((role) => roleRules[role].rights[right] !== undefined)

/** Every right the roles hold, in catalogue order: what the web app shows or hides by. */
export const rightsOf = (held: readonly Role[]): Permission[] => rights.filter((right) => may(held, right))

/** The purpose a role has in mind: the one stated when it is one of the role's own, its usual one when none is. */
function purposeFor(role: Role, stated: Purpose | undefined): Purpose | undefined {
  const own = roleRules[role].purposes
  if (stated === undefined) return own[0]
  return own.includes(stated) ? stated : undefined
}

/**
 * The one rule under which the roles hold the right, for the purpose stated or each role's usual one. It decides the route,
 * becomes the condition of a list, and decides the field.
 */
export function ruleFor(held: readonly Role[], right: Permission, stated?: Purpose): Rule {
  const own = held.flatMap((role) => {
    const wanted = roleRules[role].rights[right]
    const purpose = purposeFor(role, stated)
    // A stated purpose that is none of the role's own opens nothing, whatever the rule says.
    return wanted === undefined || purpose === undefined ? [] : [forPurpose(wanted, purpose)]
  })
  if (own.includes('always')) return 'always'
  return own.length === 1 && own[0] !== undefined ? own[0] : { anyOf: own }
}

/** Whether the roles hold the right over what the facts tell of; `facts.purpose` is the purpose stated, if any. */
export const allows = (held: readonly Role[], right: Permission, facts: Facts): boolean =>
  met(ruleFor(held, right, facts.purpose), facts)

/** For what the roles look at it: the purpose stated, else the usual one of the first role that holds the right. */
export const purposeOf = (held: readonly Role[], right: Permission, stated?: Purpose): Purpose | null =>
  stated ?? held.flatMap((role) => (roleRules[role].rights[right] ? roleRules[role].purposes : []))[0] ?? null

/** The first two of the roles that one person may not hold together; null when all may be. */
export function apartIn(held: readonly Role[]): [Role, Role] | null {
  for (const one of held)
    for (const other of held) if (roleRules[one].apart.includes(other)) return [one, other]
  return null
}
