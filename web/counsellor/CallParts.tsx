import type { DeskCall } from '../../api/desk.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { useCommand } from './duty-desk.ts'

/** How long the offer still stands. */
export function OfferLeft({ call }: { call: DeskCall }) {
  const { say, language } = useWords()
  const now = useNow()
  const waited = call.queuedAt ? now - Date.parse(call.queuedAt) : null
  const left = call.offerEndsAt ? Date.parse(call.offerEndsAt) - now : null
  return (
    <span className="quiet number">
      {waited !== null && say('call.waited', { length: lengthOf(waited, language) })}
      {left !== null && left > 0 && ` · ${say('call.offerLeft', { length: lengthOf(left, language) })}`}
    </span>
  )
}

/** Who is on the call, with names. */
export function Members({ members, muted }: { members: DeskCall['members']; muted: boolean }) {
  const { say } = useWords()
  return (
    <ul className="members" aria-label={say('call.members')}>
      {members.map((member) => (
        <li key={`${member.kind} ${member.name}`}>
          <span>{say(`call.member.${member.kind}`)}</span>
          {member.kind !== 'caller' && <span className="quiet">{member.name}</span>}
          {member.joined && member.mode && (
            <span className="tag tag-main">{say(`supervise.mode.${member.mode}`)}</span>
          )}
          {!member.joined && <span className="tag">{say('call.memberComing')}</span>}
          {(member.muted || (member.kind === 'counsellor' && muted)) && (
            <span className="tag tag-soon">{say('call.memberMuted')}</span>
          )}
        </li>
      ))}
    </ul>
  )
}

/** Whether the call is recorded and why, and the one change that is possible (G24-7.5a). */
export function Consent({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const command = useCommand(call.contactId)
  const given = call.consent === 'given'
  return (
    <span className="row consent">
      <span
        className={`tag ${call.recording ? 'tag-main' : ''}`}
        title={say(`call.consent.${call.consent ?? 'none'}`)}
      >
        {call.recording ? '● ' : '○ '}
        {say(call.recording ? 'call.recording' : 'call.notRecording')}
      </span>
      <button
        type="button"
        className="quiet-button"
        disabled={command.isPending}
        onClick={() => command.mutate({ command: given ? 'withdraw-consent' : 'give-consent' })}
      >
        {say(given ? 'call.stopRecording' : 'call.startRecording')}
      </button>
    </span>
  )
}

/** A transfer under way: with whom, and the two ways out. */
export function Transfer({
  call,
  transfer,
}: {
  call: DeskCall
  transfer: NonNullable<DeskCall['transfer']>
}) {
  const { say } = useWords()
  const command = useCommand(call.contactId)
  return (
    <div className="panel spread" role="status">
      <span>{say(`transfer.state.${transfer.state}`, { to: transfer.to })}</span>
      <span className="row">
        <button
          type="button"
          className="plain"
          disabled={command.isPending}
          onClick={() => command.mutate({ command: 'cancel-transfer' })}
        >
          {say('transfer.cancel')}
        </button>
        {transfer.kind === 'attended' && (
          <button
            type="button"
            className="main-button"
            disabled={command.isPending || transfer.state !== 'talking'}
            onClick={() => command.mutate({ command: 'complete-transfer' })}
          >
            {say('transfer.complete')}
          </button>
        )}
      </span>
    </div>
  )
}
