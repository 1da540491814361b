import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { LiveEvent } from '../../api/events.ts'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { someKeys } from '../../test/keys.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Audience } from '../http/live.ts'
import {
  answerHelp,
  askHelp,
  comesTo,
  findHelp,
  findHints,
  giveHint,
  helpRound,
  seeHints,
  withdrawHelp,
} from './help.ts'

const { db, owner } = await freshDatabase()
const keys = someKeys()
const start = new Date('2026-11-21T12:00:00Z')
const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1000)
let hotlineId: string
let lineId: string
let counsellor: string
let first: string
let second: string
let told: { to: Audience; event: LiveEvent }[] = []
const live = {
  publish: (_: string, to: Audience, event: LiveEvent): void => void told.push({ to, event }),
}
const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

/** A supervisor on duty with a free seat. */
async function free(idleSince: Date): Promise<string> {
  const { personId } = await aPerson(db, hotlineId, { roles: ['supervisor'] })
  const { seatId } = await aSeat(db, hotlineId, { kind: 'browser' })
  await owner(
    `insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at, connected)
      values ($1, $2, $3, $4, 'free', $5, $5, $5, true)`,
    [newId(), hotlineId, personId, seatId, idleSince],
  )
  return personId
}

/** A contact the counsellor talks with. */
async function talking(): Promise<string> {
  const contactId = newId()
  await owner(
    `select create_contact($1, $2, 'phone', 'talking', $3, $5, null, null, null, false, '{}', null, null, '{}')
      from (select set_config('hearthline.hotline', $4, true)) hotline`,
    [contactId, lineId, start, hotlineId, contactId],
  )
  await owner(`update contact set person_id = $1, state = 'talking' where contact_id = $2`, [
    counsellor,
    contactId,
  ])
  return contactId
}

const deed = (contactId: string, personId = counsellor, now = start) => ({
  hotlineId,
  contactId,
  personId,
  now,
})

const rung = (): string[] =>
  told.flatMap(({ to, event }) => (event.type === 'help' && 'personId' in to ? [to.personId] : []))

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  counsellor = (await aPerson(db, hotlineId)).personId
  second = await free(after(-10))
  first = await free(after(-60))
})

beforeEach(() => {
  told = []
})

test('G24-5.3.5: help rings the nearest free supervisor, the next one after 20 s and everybody after 40 s', async () => {
  const contactId = await talking()
  const { row, people } = await inside((tx) => askHelp(tx, deed(contactId)))
  expect(people).toEqual([first])
  expect(row).toMatchObject({ contactId, asked: 1, answeredBy: null, state: 'talking' })
  await helpRound(db, live, after(10))
  expect(rung()).toEqual([])
  await helpRound(db, live, after(21))
  expect(rung()).toEqual([second])
  await helpRound(db, live, after(45))
  expect(rung().slice(1).toSorted()).toEqual([first, second].toSorted())
  expect(await inside((tx) => findHelp(tx, { asks: second }))).toHaveLength(1)
})

test('asking again while it rings is the same call; whoever comes to the contact answers it, and it rings no more', async () => {
  const contactId = await talking()
  const { row } = await inside((tx) => askHelp(tx, deed(contactId)))
  const again = await inside((tx) => askHelp(tx, deed(contactId)))
  expect(again).toMatchObject({ row: { helpId: row.helpId }, people: [] })
  const answered = await inside((tx) => comesTo(tx, deed(contactId, second)))
  expect(answered?.answeredBy).not.toBe(null)
  expect(await inside((tx) => comesTo(tx, deed(contactId, first)))).toBe(null)
  await helpRound(db, live, after(60))
  expect(rung()).toEqual([])
  expect(await inside((tx) => findHelp(tx, { asks: first }))).not.toContainEqual(
    expect.objectContaining({ contactId }),
  )
  const kinds = await owner<{ kind: string }>(
    'select kind from contact_event where contact_id = $1 order by seq',
    [contactId],
  )
  expect(kinds.map((event) => event.kind)).toEqual(['started', 'help.asked', 'help.answered'])
  const renewed = await inside((tx) => askHelp(tx, deed(contactId)))
  expect(renewed.row.helpId).not.toBe(row.helpId)
})

test('only the counsellor of a talk asks, and takes it back; a talk that ends ends its call for help', async () => {
  const contactId = await talking()
  await expect(inside((tx) => askHelp(tx, deed(contactId, first)))).rejects.toMatchObject({
    code: 'call.notYours',
  })
  const { row } = await inside((tx) => askHelp(tx, deed(contactId)))
  expect(await inside((tx) => withdrawHelp(tx, deed(contactId)))).toBe(row.helpId)
  expect(await inside((tx) => withdrawHelp(tx, deed(contactId)))).toBe(null)
  const late = { hotlineId, personId: first, now: start }
  await expect(inside((tx) => answerHelp(tx, row.helpId, late))).rejects.toMatchObject({
    code: 'help.notFound',
  })
  await inside((tx) => askHelp(tx, deed(contactId)))
  await owner(`update contact set state = 'wrap-up' where contact_id = $1`, [contactId])
  await helpRound(db, live, after(25))
  expect(told.map(({ event }) => event.type)).toContain('help-over')
  expect(await inside((tx) => findHelp(tx, { contactId }))).toEqual([])
  await expect(inside((tx) => askHelp(tx, deed(contactId)))).rejects.toMatchObject({
    code: 'call.wrongState',
  })
})

test('a hint reaches the counsellor of the contact, is on the record, and is marked as seen by them alone', async () => {
  const contactId = await talking()
  const sealed = keys.wordsOf(hotlineId)
  const given = await inside((tx) =>
    giveHint(tx, { ...deed(contactId, first), words: '问问他身边有谁' }, sealed),
  )
  expect(given.to).toBe(counsellor)
  await inside((tx) => seeHints(tx, deed(contactId, first)))
  expect((await inside((tx) => findHints(tx, contactId, sealed)))[0]?.seenAt).toBe(null)
  await inside((tx) => seeHints(tx, deed(contactId)))
  expect((await inside((tx) => findHints(tx, contactId, sealed)))[0]).toMatchObject({
    words: '问问他身边有谁',
    seenAt: start.toISOString(),
  })
  await owner(`update contact set state = 'closed' where contact_id = $1`, [contactId])
  const late = inside((tx) => giveHint(tx, { ...deed(contactId, first), words: '晚了' }, sealed))
  await expect(late).rejects.toMatchObject({ code: 'call.wrongState' })
})
