import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { goOffDuty, setDuty, type Desk } from '../../api/desk.ts'
import { useKeys } from '../ui/keys.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { Since } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { usePhone } from './duty-desk.ts'
import { softphone } from './softphone.ts'

/** Reasons a person may choose; the hotline sets others itself. */
const reasons = ['break', 'meal', 'debrief', 'training', 'technical', 'other'] as const

type Change = { state: 'free' } | { state: 'paused'; reason: (typeof reasons)[number] } | { state: 'off' }

/** Changes the own duty; the desk afterwards comes back. */
function useDuty() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (change: Change) =>
      change.state === 'off' ? request(goOffDuty, {}) : request(setDuty, { body: change }),
    onSuccess: (desk, change) => {
      if (change.state === 'off') softphone.stop()
      cache.setQueryData(['desk'], desk)
    },
  })
}

/** Whether the telephone is ready, in words. */
function PhoneMark({ kind }: { kind: 'browser' | 'phone' }) {
  const { say } = useWords()
  const phone = usePhone()
  if (kind === 'phone') return null
  return (
    <span
      className={`tag ${phone.line === 'ready' && phone.linesAway === 0 ? 'tag-main' : 'tag-soon'}`}
      role="status"
    >
      {phone.linesAway > 0 ? say('phone.someAway', { count: phone.linesAway }) : say(`phone.${phone.line}`)}
    </span>
  )
}

function PausePanel({
  onChoose,
  onClose,
}: {
  onChoose: (reason: (typeof reasons)[number]) => void
  onClose: () => void
}) {
  const { say } = useWords()
  useKeys([{ key: 'Escape', words: 'keys.close', group: 'keys.groupScreen', run: onClose }])
  return (
    <section className="panel" aria-label={say('duty.pauseTitle')}>
      <h2>{say('duty.pauseTitle')}</h2>
      <div className="chips">
        {reasons.map((reason, place) => (
          <button
            key={reason}
            type="button"
            className="plain"
            autoFocus={place === 0}
            onClick={() => onChoose(reason)}
          >
            {say(`duty.reason.${reason}`)}
          </button>
        ))}
        <button type="button" className="quiet-button" onClick={onClose}>
          {say('do.cancel')}
        </button>
      </div>
    </section>
  )
}

/** The strip while no call is up: how I stand, since when, and the one next action. */
export function DutyStrip({ duty }: { duty: NonNullable<Desk['duty']> }) {
  const { say } = useWords()
  const [pausing, setPausing] = useState(false)
  const changing = useDuty()
  const paused = duty.state === 'paused'
  const toggle = (): void => {
    if (paused) changing.mutate({ state: 'free' })
    else setPausing(!pausing)
  }
  useKeys([{ key: 'Alt+P', words: 'keys.pause', group: 'keys.groupCall', run: toggle }])
  return (
    <section className="dock" aria-label={say('desk.title')}>
      <div className="strip">
        <div className="strip-state">
          <span className={`state-word ${paused ? 'soon' : ''}`}>
            <span aria-hidden="true">{paused ? '‖ ' : '○ '}</span>
            {say(`duty.state.${duty.state}`)}
          </span>
          {duty.reason && <span className="tag tag-soon">{say(`duty.reason.${duty.reason}`)}</span>}
          <span className="quiet">
            {duty.seatName} · <Since at={duty.since} />
          </span>
          <PhoneMark kind={duty.seatKind} />
        </div>
        <div className="strip-actions">
          {!paused && (
            <button type="button" className="plain" aria-expanded={pausing} onClick={toggle}>
              {say('duty.pause')} <kbd>Alt+P</kbd>
            </button>
          )}
          <button
            type="button"
            className="plain"
            disabled={changing.isPending}
            onClick={() => changing.mutate({ state: 'off' })}
          >
            {say('duty.off')}
          </button>
          {paused && (
            <button type="button" className="main-button" disabled={changing.isPending} onClick={toggle}>
              {say('duty.resume')} <kbd>Alt+P</kbd>
            </button>
          )}
        </div>
      </div>
      <Failure of={changing.error} />
      {pausing && !paused && (
        <PausePanel
          onClose={() => setPausing(false)}
          onChoose={(reason) => {
            setPausing(false)
            changing.mutate({ state: 'paused', reason })
          }}
        />
      )}
    </section>
  )
}
