/* A right's rule on contacts, as the condition of a list and for one contact: the same rule decides both. */
import { sql, type RawBuilder } from 'kysely'
import { ruleFor, type Permission, type Role } from '../../domain/permission.ts'
import { met, type Condition, type Facts, type Purpose, type Rule } from '../../domain/rule.ts'
import type { Tx } from './database.ts'

/** Who asks, for what if they said so, and when (the database's own clock where left out). */
export interface Asker {
  personId: string
  roles: readonly Role[]
  purpose?: Purpose | undefined
  now?: Date
}

type Who = Pick<Asker, 'personId' | 'now'>

const clock = ({ now }: Who): RawBuilder<Date> => (now ? sql`${now}::timestamptz` : sql`now()`)

/** What a condition asks of the contact `c` and the person. The lists in `any` are read once, not for every contact. */
const conditionOf = (name: Condition, who: Who): RawBuilder<boolean> => {
  const { personId } = who
  switch (name) {
    case 'own':
      return sql`c.person_id = ${personId}`
    case 'sameLine':
      return sql`c.line_id = any(array(select line_id from person_line where person_id = ${personId}))`
    case 'assigned':
      return sql`c.contact_id = any(array(select contact_id from task where owner_id = ${personId} and done_at is null))`
    case 'atSeat':
      return sql`c.contact_id = any(array(select contact_id from duty where person_id = ${personId}))`
    case 'writingUp':
      return sql`c.contact_id = any(array(select contact_id from duty where person_id = ${personId} and state = 'wrap-up'))`
    case 'brokeGlass':
      return sql`c.contact_id = any(array(select contact_id from break_glass where person_id = ${personId} and until > ${clock(who)}))`
    case 'noSecurityOfficer':
      return sql`not exists (select from person where 'security' = any(roles) and disabled_at is null)`
  }
}

/** The rule as SQL on a contact named `c`; purposes must be decided (see ruleFor). Never null. */
export function reach(rule: Rule, who: Who): RawBuilder<boolean> {
  if (rule === 'always') return sql`true`
  if (typeof rule === 'string') return sql`coalesce(${conditionOf(rule, who)}, false)`
  if ('purpose' in rule) return sql`false`
  if ('withinHours' in rule)
    return sql`(c.ended_at is null or c.ended_at >= ${clock(who)} - ${rule.withinHours} * interval '1 hour')`
  const [parts, between] = 'anyOf' in rule ? [rule.anyOf, sql` or `] : ([rule.allOf, sql` and `] as const)
  if (parts.length === 0) return sql`false`
  return sql`(${sql.join(
    parts.map((part) => reach(part, who)),
    between,
  )})`
}

/** The condition under which the asker holds the right over a contact named `c`. */
export const reachOf = (asker: Asker, right: Permission): RawBuilder<boolean> =>
  reach(ruleFor(asker.roles, right, asker.purpose), asker)

interface FactsRow extends Record<Condition, boolean> {
  hoursSinceEnd: number
}

/** What is true of the person and the contact now; empty when there is no such contact. */
export async function factsOf(tx: Tx, who: Who, contactId: string): Promise<Facts> {
  const fact = (name: Condition): RawBuilder<boolean> => reach(name, who)
  const { rows } = await sql<FactsRow>`
    select ${fact('own')} as "own", ${fact('sameLine')} as "sameLine", ${fact('assigned')} as "assigned",
      ${fact('atSeat')} as "atSeat", ${fact('writingUp')} as "writingUp", ${fact('brokeGlass')} as "brokeGlass",
      ${fact('noSecurityOfficer')} as "noSecurityOfficer",
      coalesce(extract(epoch from ${clock(who)} - c.ended_at) / 3600, 0)::float8 as "hoursSinceEnd"
    from contact c where c.contact_id = ${contactId}`.execute(tx)
  return rows[0] ?? {}
}

/** Whether the asker holds the right over the contact. Whose it is, is known; more is looked up only where it decides. */
export async function reaches(
  tx: Tx,
  asker: Asker,
  right: Permission,
  contact: { contact_id: string; person_id: string | null },
): Promise<boolean> {
  const rule = ruleFor(asker.roles, right, asker.purpose)
  if (met(rule, { own: contact.person_id === asker.personId })) return true
  return met(rule, await factsOf(tx, asker, contact.contact_id))
}
