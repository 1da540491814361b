import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { allows, rights, roles, type Permission, type Role } from '../../domain/permission.ts'
import { conditions, met, purposes, type Purpose, type Rule } from '../../domain/rule.ts'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { inHotline, type Tx } from './database.ts'
import { newId } from './id.ts'
import { factsOf, reach, reaches, reachOf, type Asker } from './reach.ts'

const { db, owner } = await freshDatabase()
const now = new Date('2026-11-21T12:00:00Z')
const contacts: { contact_id: string; person_id: string | null }[] = []
const people: string[] = []
let hotlineId: string

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

/** Twelve contacts on two lines that differ in whose they are, when they ended, whose task and whose seat is with them. */
beforeAll(async () => {
  hotlineId = await aHotline(db)
  const lines = [await aLine(db, hotlineId), await aLine(db, hotlineId)].map((line) => line.lineId)
  for (const line of lines) people.push((await aPerson(db, hotlineId, { lines: [line] })).personId)
  for (let n = 0; n < 12; n += 1) {
    const contactId = newId()
    const person = [people[0], people[1], null][n % 3] ?? null
    const line = lines[n % 2] ?? ''
    const ended = n % 4 === 0 ? null : new Date(now.getTime() - n * 5 * 3_600_000)
    await inside(async (tx) => {
      await sql`select create_contact(${contactId}, ${line}, 'phone', 'wrap-up', ${now}, null, null, null, null, false,
        null, null, null, '{}')`.execute(tx)
      await sql`update contact set person_id = ${person}, ended_at = ${ended} where contact_id = ${contactId}`.execute(
        tx,
      )
    })
    contacts.push({ contact_id: contactId, person_id: person })
  }
  const at = (n: number): string => contacts[n]?.contact_id ?? ''
  const task = `insert into task (task_id, hotline_id, contact_id, kind, line_id, keeps_place_since, due_at, owner_id, done_at)
    select $1, hotline_id, contact_id, 'call-back', line_id, $2, $2, $3, $4 from contact where contact_id = $5`
  await owner(task, [newId(), now, people[0], null, at(1)])
  await owner(task, [newId(), now, people[0], null, at(2)])
  await owner(task, [newId(), now, people[0], now, at(4)])
  for (const [index, state] of ['wrap-up', 'busy'].entries()) {
    const { seatId } = await aSeat(db, hotlineId)
    await owner(
      `insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at, contact_id)
       values ($1, $2, $3, $4, $5, $6, $6, $6, $7)`,
      [newId(), hotlineId, people[index], seatId, state, now, at(7 + index)],
    )
  }
})

const listed = async (tx: Tx, condition: ReturnType<typeof reach>): Promise<string[]> => {
  const { rows } = await sql<{ contact_id: string }>`
    select c.contact_id from contact c where ${condition} order by c.number`.execute(tx)
  return rows.map((row) => row.contact_id)
}

const { rules } = fc.letrec<{ rules: Rule }>((tie) => ({
  rules: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Rule[]>('always', ...conditions),
    fc.integer({ min: 1, max: 60 }).map((withinHours): Rule => ({ withinHours })),
    fc.array(tie('rules'), { maxLength: 3 }).map((anyOf): Rule => ({ anyOf })),
    fc.array(tie('rules'), { minLength: 1, maxLength: 3 }).map((allOf): Rule => ({ allOf })),
  ),
}))

test('any rule picks the same contacts as the condition of a list and judged one by one', async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.nat(1), (rule, who) =>
      inside(async (tx) => {
        const asker = { personId: people[who] ?? '', now }
        const one: string[] = []
        for (const { contact_id: contactId } of contacts)
          if (met(rule, await factsOf(tx, asker, contactId))) one.push(contactId)
        expect(await listed(tx, reach(rule, asker))).toEqual(one)
      }),
    ),
    { numRuns: 60 },
  )
})

test('G24-6.2.2a: the shipped roles decide list and page alike, for every purpose', async () => {
  const held = fc.subarray<Role>([...roles])
  const stated = fc.option(fc.constantFrom<Purpose[]>(...purposes), { nil: undefined })
  const right = fc.constantFrom<Permission[]>(...rights.filter((name) => name.startsWith('contact.')))
  await fc.assert(
    fc.asyncProperty(held, right, stated, fc.nat(1), (some, name, purpose, who) =>
      inside(async (tx) => {
        const asker: Asker = { personId: people[who] ?? '', roles: some, purpose, now }
        const found = await listed(tx, reachOf(asker, name))
        const reached: string[] = []
        for (const contact of contacts) {
          const allowed = await reaches(tx, asker, name, contact)
          const facts = await factsOf(tx, asker, contact.contact_id)
          expect(allows(some, name, purpose ? { ...facts, purpose } : facts)).toBe(allowed)
          if (allowed) reached.push(contact.contact_id)
        }
        expect(found).toEqual(reached)
      }),
    ),
    { numRuns: 40 },
  )
})

test('a counsellor reaches by an open task on their own line alone; a done one and another line open nothing', async () => {
  const asker: Asker = { personId: people[0] ?? '', roles: ['counsellor'], now }
  const reached = (n: number): Promise<boolean> =>
    inside((tx) =>
      reaches(tx, asker, 'contact.read', contacts[n] ?? { contact_id: newId(), person_id: null }),
    )
  // 2 is an open task on the own line, 1 an open one on the other line, 4 a done one; 7 is being written up.
  expect([await reached(2), await reached(1), await reached(4), await reached(7)]).toEqual([
    true,
    false,
    false,
    true,
  ])
})
