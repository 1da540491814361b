import type { Call, CallEvent, CallPhase, Effect, Guest, Supervisor } from '../../domain/call-state.ts'
import type { Happening } from './queries.ts'

const happening = (kind: string, data: Record<string, unknown> = {}): Happening => ({ kind, data })

/** What changed between two states of a call, in words of the record. */
function changes(before: Call, after: Call): Happening[] {
  const found: Happening[] = []
  if (after.consent !== before.consent) found.push(happening('consent', { consent: after.consent }))
  if (after.danger && !before.danger) found.push(happening('danger-key'))
  if (after.queuedAt !== null && before.queuedAt === null) found.push(happening('queued'))
  if (after.line !== before.line) found.push(happening('line-changed', { line: after.line }))
  if (after.satisfaction !== before.satisfaction) {
    found.push(happening('satisfaction', { mark: after.satisfaction }))
  }
  return [
    ...found,
    ...seatChanges(before, after),
    ...phaseChanges(before, after),
    ...endChanges(before, after),
  ]
}

function seatChanges(before: Call, after: Call): Happening[] {
  const found: Happening[] = []
  if (after.offer && after.offer.leg !== before.offer?.leg) {
    found.push(happening('offered', { seat: after.offer.seat }))
  }
  const seat = after.talk?.seat ?? null
  if (seat !== null && seat !== before.talk?.seat) {
    found.push(happening(before.talk ? 'taken-over' : 'answered', { seat }))
  }
  return [
    ...found,
    ...guestChanges(before.talk?.guests ?? [], after.talk?.guests ?? []),
    ...supervisorsGone(before, after),
  ]
}

function guestChanges(before: readonly Guest[], after: readonly Guest[]): Happening[] {
  return after.flatMap((guest) => {
    const known = before.find((each) => each.leg === guest.leg)
    if (guest.role === 'supervisor') return supervisorChanges(known, guest)
    const to = 'seat' in guest.to ? { seat: guest.to.seat } : { outside: true }
    if (!known) return [happening('transfer-started', to)]
    return guest.up && !known.up ? [happening('joined', { role: guest.role, ...to })] : []
  })
}

/** G24-5.3.5: every way in which a supervisor is at a call is on the record with its reason, each time it begins. */
function supervisorChanges(known: Guest | undefined, { supervision, to, up }: Supervisor): Happening[] {
  const { mode, reason, by } = supervision
  if (!known) return by === null ? [happening('invited', { seat: to.seat })] : []
  const same = known.up && known.role === 'supervisor' && known.supervision.mode === mode
  if (!up || same) return []
  return [{ ...happening('supervisor.joined', { mode, reason, seat: to.seat }), actor: by }]
}

/** Who spoke with the caller already takes over in the same step, and is a guest no longer. */
function takenOverAtOnce(after: Call, event: CallEvent): Happening[] {
  if (event.type !== 'supervise' || after.talk?.seat !== event.seat) return []
  const { mode, reason, seat, by } = event
  return [{ ...happening('supervisor.joined', { mode, reason, seat }), actor: by }]
}

/** Supervisors who were there and are gone; who took over is there as the one who answers. */
function supervisorsGone(before: Call, after: Call): Happening[] {
  const stays = after.talk?.guests ?? []
  return (before.talk?.guests ?? []).flatMap((guest) => {
    if (guest.role !== 'supervisor' || !guest.up || stays.some((each) => each.leg === guest.leg)) return []
    const { seat } = guest.to
    if (after.talk?.seat === seat) return []
    return [{ ...happening('supervisor.left', { seat }), actor: guest.supervision.by }]
  })
}

const entered: { [P in CallPhase]?: string } = {
  held: 'held',
  'seat-lost': 'seat-lost',
  nobody: 'nobody-on-duty',
}
const leftForTalk: { [P in CallPhase]?: string } = { held: 'unheld', 'seat-lost': 'seat-back' }

function phaseChanges(before: Call, after: Call): Happening[] {
  if (after.phase === before.phase) return []
  const kind = after.phase === 'together' ? leftForTalk[before.phase] : entered[after.phase]
  return kind === undefined ? [] : [happening(kind)]
}

function endChanges(before: Call, after: Call): Happening[] {
  const found: Happening[] = []
  if (after.talkEndedAt !== null && before.talkEndedAt === null) {
    found.push(happening('talk-ended', { by: after.endedBy }))
  }
  if (after.endedAt !== null && before.endedAt === null) {
    found.push(happening('ended', { outcome: after.outcome, by: after.endedBy }))
  }
  if (after.state === 'closed' && before.state === 'wrap-up') found.push(happening('closed'))
  return found
}

const effectKinds: { [D in Effect['do']]?: (effect: Extract<Effect, { do: D }>) => Happening | null } = {
  startRecording: (effect) => happening('recording-started', { kind: effect.kind, segment: effect.segment }),
  stopRecording: (effect) => happening('recording-stopped', { kind: effect.kind }),
  makeCallBack: () => happening('call-back-promised'),
  notify: (effect) => (effect.what === 'transfer-failed' ? happening('transfer-failed') : null),
  duty: ({ event, seat }) =>
    event.type === 'missed' || event.type === 'declined' || event.type === 'unreachable'
      ? happening(`offer-${event.type}`, { seat })
      : null,
}

function effectHappening(effect: Effect): Happening | null {
  const tell = effectKinds[effect.do] as ((effect: Effect) => Happening | null) | undefined
  return tell?.(effect) ?? null
}

/** What one step puts on the contact's timeline: only what a reader of the record wants to know, nothing identifying. */
export function happeningsOf(
  before: Call,
  after: Call,
  event: CallEvent,
  effects: readonly Effect[],
): Happening[] {
  const told = effects.map(effectHappening).filter((each) => each !== null)
  const found = [...takenOverAtOnce(after, event), ...changes(before, after), ...told]
  if (event.type === 'seatSilent')
    found.unshift(happening('seat-silent', { seat: before.talk?.seat ?? null }))
  if (event.type === 'reconciled' && found.length > 0) found.unshift(happening('server-returned'))
  return found
}
