/**
 * Who may do what (G24-3.3: administration group, counselling group, supervision group, each with its own rights).
 * Issue C turns these into rules with conditions; the names of the permissions are stable.
 */
export const roles = [
  'administrator',
  'counsellor',
  'supervisor',
  'custodian',
  'department',
  'evaluator',
] as const

/** A role a member of staff can hold; one person may hold several. */
export type Role = (typeof roles)[number]

const grants = {
  'session.own': ['administrator', 'counsellor', 'supervisor', 'custodian', 'department', 'evaluator'],
  'duty.own': ['counsellor', 'supervisor'],
  'call.own': ['counsellor', 'supervisor'],
  'contact.own': ['counsellor', 'supervisor'],
  'contact.list': ['counsellor', 'supervisor', 'custodian', 'administrator'],
  'contact.all': ['supervisor', 'custodian'],
  'contact.number': ['supervisor', 'custodian'],
  'contact.byHand': ['counsellor', 'supervisor'],
  'recording.listen': ['supervisor', 'custodian'],
  'board.see': ['supervisor', 'administrator'],
  'task.work': ['counsellor', 'supervisor', 'administrator'],
  'line.change': ['administrator'],
  'line.event': ['administrator', 'supervisor'],
  'seat.change': ['administrator'],
  'person.change': ['administrator'],
  'prompt.change': ['administrator'],
  'trunk.change': ['administrator'],
  'hotline.change': ['administrator'],
  'coverage.see': ['administrator', 'supervisor', 'department'],
  'form.change': ['administrator'],
  'instrument.change': ['administrator'],
  'assessment.ask': ['counsellor', 'supervisor'],
  'crisis.work': ['counsellor', 'supervisor'],
  'report.acknowledge': ['supervisor', 'administrator'],
  'risk.lower': ['supervisor'],
  'exception.see': ['supervisor', 'custodian'],
  'incident.work': ['supervisor', 'administrator'],
  'call.supervise': ['supervisor'],
  'caller.see': ['counsellor', 'supervisor'],
  'caller.alert': ['supervisor'],
  'resource.see': ['counsellor', 'supervisor', 'administrator'],
  'resource.change': ['administrator', 'supervisor'],
  'escalation.change': ['administrator'],
} as const satisfies Record<string, readonly Role[]>

/** The name of a right; every route declares one (or 'anyone' for the public pages). */
export type Permission = keyof typeof grants

/** Whether any of the roles holds the right. */
export const may = (held: readonly Role[], right: Permission): boolean =>
  grants[right].some((role) => (held as readonly string[]).includes(role))

/** Every right the roles hold, in catalogue order: what the web app shows or hides by. */
export const rightsOf = (held: readonly Role[]): Permission[] =>
  (Object.keys(grants) as Permission[]).filter((right) => may(held, right))
