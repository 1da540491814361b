/** What the product's records say after a round, and what of it cannot be true. */
import type { z } from 'zod'
import type { ContactRow, listContacts } from '../../api/contacts.ts'
import type { Session } from '../journeys/hotline.ts'
import type { CallerStory } from './callers.ts'

/** Every contact, oldest first. */
export async function allContacts(session: Session): Promise<ContactRow[]> {
  const found: ContactRow[] = []
  for (let after = ''; ;) {
    const path = `/contacts?limit=100${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`
    const { rows, next } = await session.ask<z.infer<(typeof listContacts)['reply']>>('GET', path)
    found.push(...rows)
    if (next === null) return found.toSorted((a, b) => a.number - b.number)
    after = next
  }
}

/** States in which nobody is on the line any more. */
export const isOver = ({ state }: ContactRow): boolean => ['wrap-up', 'closed', 'failed'].includes(state)

/** What killing a process may do to a call that is going on. */
export interface Harm {
  /** Its switchboard died: the call ended without anybody wanting it. */
  calls: boolean
}

/** What cannot be true: one sentence each, without anybody's number. */
export function faultsOf(
  before: readonly ContactRow[],
  now: readonly ContactRow[],
  stories: readonly CallerStory[],
  harm: Harm,
): string[] {
  const faults: string[] = []
  const ids = new Map(now.map((row) => [row.contactId, row.number]))
  for (const { contactId, number } of before)
    if (ids.get(contactId) !== number) faults.push(`contact ${number} is lost or has another number`)
  now.forEach(({ number }, at) => {
    if (number !== at + 1) faults.push(`number ${at + 1} is skipped`)
  })
  for (const row of now)
    if (!isOver(row)) faults.push(`contact ${row.number} is ${row.state}, but nobody is on the line`)
  for (const story of stories) faults.push(...faultsOfCall(story, now, harm))
  return [...new Set(faults)]
}

function faultsOfCall(story: CallerStory, now: readonly ContactRow[], harm: Harm): string[] {
  const own = now.filter((row) => row.callerNumber?.endsWith(story.number.slice(-4)))
  const [row] = own
  if (own.length > 1) return [`one call is contacts ${own.map(({ number }) => number).join(' and ')}`]
  if (!row) return story.answered ? ['a call that was answered has no contact'] : []
  const rules: [string, boolean][] = [
    ['was put down', story.putDown && !harm.calls],
    ['is failed', row.outcome === 'failed' && !harm.calls],
    [`is ${row.outcome ?? 'nothing'}, but its caller was helped`, story.helped && !helped(row, harm)],
    ['has no outcome', row.outcome === null],
    ['has no end', row.endedAt === null],
  ]
  return rules.filter(([, wrong]) => wrong).map(([what]) => `contact ${row.number} ${what}`)
}

const helped = (row: ContactRow, harm: Harm): boolean =>
  row.outcome === 'answered' || (harm.calls && row.outcome === 'failed')
