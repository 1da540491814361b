import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { coreOf } from '../../domain/form.ts'
import { useKeys, type Key } from '../ui/keys.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { Refusal } from '../ui/request.ts'
import { useMe } from '../ui/session.ts'
import { Since } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { Consent, Members, OfferLeft, Transfer } from './CallParts.tsx'
import { SuperviseStrip } from './SuperviseStrip.tsx'
import { toProtocol, useOpenProtocol } from './crisis.ts'
import { ProtocolMark } from './CrisisSide.tsx'
import { useCommand, usePhone } from './duty-desk.ts'
import { keeperOf } from './forms.ts'
import { HelpState, useHelp } from './HelpCall.tsx'
import { HintLine } from './Hints.tsx'
import { jumpTo } from './form-places.ts'
import { roleIn } from './role.ts'
import { softphone } from './softphone.ts'
import { HelpPanel, TransferPanel } from './TransferPanel.tsx'
import { useKept } from './use-kept.ts'
import { WrapUp } from './WrapUp.tsx'

/**
 * Danger: one key and one press away, always at the left end; marks acute, saves at once, opens the protocol, which asks for
 * a supervisor, and goes to its first step.
 */
function DangerButton({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const navigate = useNavigate()
  const { answers } = useKept(contactId)
  const opening = useOpenProtocol(contactId)
  const marked = coreOf(answers).risk === 'acute'
  const mark = (): void => {
    keeperOf(contactId).change({ answers: { risk: { values: ['acute'] } } }, false)
    // Should it not get through, the saved level opens the protocol as well.
    opening.mutate(null, { onSuccess: toProtocol })
    void navigate({ to: '/desk' }).then(() => jumpTo('danger'))
  }
  useKeys([{ key: 'Alt+D', words: 'keys.danger', group: 'keys.groupCall', run: mark }])
  return (
    <>
      <button
        type="button"
        className={`danger-button ${marked ? 'marked' : ''}`}
        aria-pressed={marked}
        title={say(marked ? 'call.dangerMarked' : 'call.dangerMarkHint')}
        onClick={mark}
      >
        <span aria-hidden="true">▲</span> {say('call.dangerMark')} <kbd>Alt+D</kbd>
      </button>
      <ProtocolMark contactId={contactId} />
    </>
  )
}

function OfferActions({ call, seatKind }: { call: DeskCall; seatKind: 'browser' | 'phone' }) {
  const { say } = useWords()
  const phone = usePhone()
  const command = useCommand(call.contactId)
  const navigate = useNavigate()
  // The key may come before the browser's own ringing: it is then answered as soon as it rings.
  const [wanted, setWanted] = useState(false)
  const answer = (): void => {
    setWanted(true)
    softphone.answer()
    void navigate({ to: '/desk' })
  }
  useEffect(() => {
    if (wanted && phone.talk === 'ringing') softphone.answer()
  }, [wanted, phone.talk])
  const decline = (): void => command.mutate({ command: 'decline' }, { onError: () => softphone.hangUp() })
  useKeys([{ key: 'Alt+A', words: 'keys.answer', group: 'keys.groupCall', run: answer }])
  return (
    <div className="strip-actions">
      <button type="button" className="plain" disabled={command.isPending} onClick={decline}>
        {say('call.decline')}
      </button>
      {seatKind === 'phone' ? (
        <span className="strong">{say('duty.phoneSeat')}</span>
      ) : (
        <button
          type="button"
          className="main-button"
          autoFocus
          disabled={phone.talk !== 'ringing'}
          onClick={answer}
        >
          {say(phone.talk === 'answering' ? 'call.answering' : 'call.answer')} <kbd>Alt+A</kbd>
        </button>
      )}
    </div>
  )
}

type Panel = 'transfer' | 'help' | null

function TalkActions({
  call,
  panel,
  onPanel,
}: {
  call: DeskCall
  panel: Panel
  onPanel: (panel: Panel) => void
}) {
  const { say } = useWords()
  const phone = usePhone()
  const command = useCommand(call.contactId)
  const { help, asking } = useHelp(call.contactId)
  // After a reload only the server knows that the seat was muted.
  const muted = phone.muted || call.muted
  const mute = (): void => {
    softphone.mute(!muted)
    command.mutate({ command: 'mute', on: !muted })
  }
  const hold = (): void => command.mutate({ command: call.onHold ? 'unhold' : 'hold' })
  // The server away: the sound still goes on, and hanging up must still work.
  const end = (): void =>
    command.mutate(
      { command: 'hang-up' },
      {
        onError: (failure) => failure instanceof Refusal && failure.code === 'network' && softphone.hangUp(),
      },
    )
  const open = (which: 'transfer' | 'help'): void => onPanel(panel === which ? null : which)
  // The key calls at once; whom else one could ask stands below it.
  const callHelp = (): void => {
    if (panel !== 'help' && (!help || help.answeredBy)) asking.mutate()
    open('help')
  }
  const keys: Key[] = [
    { key: 'Alt+M', words: 'keys.mute', group: 'keys.groupCall', run: mute },
    { key: 'Alt+H', words: 'keys.hold', group: 'keys.groupCall', run: hold },
    { key: 'Alt+S', words: 'keys.help', group: 'keys.groupCall', run: callHelp },
    { key: 'Alt+T', words: 'keys.transfer', group: 'keys.groupCall', run: () => open('transfer') },
    { key: 'Alt+E', words: 'keys.end', group: 'keys.groupCall', run: end },
  ]
  useKeys(keys)
  return (
    <>
      <div className="strip-actions">
        <button type="button" className="plain" aria-pressed={muted} onClick={mute}>
          {say(muted ? 'call.unmute' : 'call.mute')} <kbd>Alt+M</kbd>
        </button>
        <button type="button" className="plain" aria-pressed={call.onHold} onClick={hold}>
          {say(call.onHold ? 'call.unhold' : 'call.hold')} <kbd>Alt+H</kbd>
        </button>
        <button type="button" className="plain" aria-expanded={panel === 'help'} onClick={callHelp}>
          {say('call.help')} <kbd>Alt+S</kbd>
        </button>
        <button
          type="button"
          className="plain"
          aria-expanded={panel === 'transfer'}
          onClick={() => open('transfer')}
        >
          {say('call.transfer')} <kbd>Alt+T</kbd>
        </button>
        <button type="button" className="main-button" disabled={command.isPending} onClick={end}>
          {say('call.end')} <kbd>Alt+E</kbd>
        </button>
      </div>
      <Failure of={asking.error ?? (panel === null ? command.error : null)} />
      <HintLine contactId={call.contactId} />
      {panel === 'transfer' && <TransferPanel command={command} onClose={() => onPanel(null)} />}
      {panel === 'help' && <HelpPanel command={command} onClose={() => onPanel(null)} />}
    </>
  )
}

/** A guest of the call: mute and leave; everything else is the owner's. */
function GuestActions({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const phone = usePhone()
  const command = useCommand(call.contactId)
  const mute = (): void => softphone.mute(!phone.muted)
  const leave = (): void => command.mutate({ command: 'hang-up' }, { onError: () => softphone.hangUp() })
  useKeys([
    { key: 'Alt+M', words: 'keys.mute', group: 'keys.groupCall', run: mute },
    { key: 'Alt+E', words: 'keys.leave', group: 'keys.groupCall', run: leave },
  ])
  return (
    <>
      <div className="strip-actions">
        <button type="button" className="plain" aria-pressed={phone.muted} onClick={mute}>
          {say(phone.muted ? 'call.unmute' : 'call.mute')} <kbd>Alt+M</kbd>
        </button>
        <button type="button" className="main-button" disabled={command.isPending} onClick={leave}>
          {say('call.leave')} <kbd>Alt+E</kbd>
        </button>
      </div>
      {call.supervising && <SuperviseStrip call={call} />}
    </>
  )
}

function StateWords({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const phone = usePhone()
  if (call.state === 'offered') return say('call.offered')
  if (call.state === 'wrap-up' || call.state === 'survey') return say('wrap.title')
  if (!call.callerPresent) return say('call.callerGone')
  if (phone.talk === 'answering') return say('call.seatBack')
  return say(call.onHold ? 'call.onHold' : 'call.talking')
}

function StripState({ call, owner }: { call: DeskCall; owner: boolean }) {
  const { say } = useWords()
  const phone = usePhone()
  const talking = call.state === 'talking'
  return (
    <div className="strip-state">
      <span className="state-word">
        <StateWords call={call} />
      </span>
      {talking && call.answeredAt && (
        <span className="timer">
          <Since at={call.answeredAt} />
        </span>
      )}
      {call.dangerKey && <span className="tag tag-danger">▲ {say('call.dangerShort')}</span>}
      <span className="quiet">
        {call.line.name} · {say('call.number', { number: call.number })}
      </span>
      {call.state === 'offered' && <OfferLeft call={call} />}
      {talking && <Members members={call.members} muted={phone.muted} />}
      {talking && owner && <Consent call={call} />}
      {talking && owner && <HelpState call={call} />}
    </div>
  )
}

/** The call: state, people, time and every action, in the same places in every state. */
export function CallStrip({ call, seatKind }: { call: DeskCall; seatKind: 'browser' | 'phone' }) {
  const { say } = useWords()
  const phone = usePhone()
  const me = useMe()
  const [panel, setPanel] = useState<Panel>(null)
  const role = roleIn(call, me.displayName)
  const talking = call.state === 'talking'
  const over = call.state === 'wrap-up' || call.state === 'survey' || call.state === 'closed'
  return (
    <section
      className={`dock dock-call ${call.dangerKey ? 'dock-danger' : ''}`}
      aria-label={say('keys.groupCall')}
    >
      <div className="strip">
        {call.state !== 'offered' && role === 'owner' && <DangerButton contactId={call.contactId} />}
        <StripState call={call} owner={role === 'owner'} />
        {call.state === 'offered' && <OfferActions call={call} seatKind={seatKind} />}
        {talking && role === 'owner' && <TalkActions call={call} panel={panel} onPanel={setPanel} />}
        {talking && role !== 'owner' && <GuestActions call={call} />}
        {over && <WrapUp call={call} />}
      </div>
      {phone.microphoneFailed && <Notice tone="soon">{say('phone.microphone')}</Notice>}
      {call.transfer && role === 'owner' && <Transfer call={call} transfer={call.transfer} />}
    </section>
  )
}
