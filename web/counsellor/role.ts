/** What I am in the call on my screen: it is mine, I was asked to join, or I am spoken with before a transfer. */
import type { DeskCall } from '../../api/desk.ts'

/** The owner keeps the record and has every action; guests hear, speak and leave. */
export type CallRole = 'owner' | 'supervisor' | 'consulted'

/** My role, by the name the others see. */
export function roleIn(call: Pick<DeskCall, 'members' | 'transfer'>, myName: string): CallRole {
  if (call.transfer?.to === myName) return 'consulted'
  const mine = call.members.filter((member) => member.name === myName)
  return mine.length > 0 && mine.every((member) => member.kind === 'supervisor') ? 'supervisor' : 'owner'
}
