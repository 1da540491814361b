import { useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Desk } from '../../api/desk.ts'
import { useKeys } from '../ui/keys.ts'
import { Notice } from '../ui/Notice.tsx'
import { useDesk } from '../ui/own-desk.ts'
import { useMe } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import { ringFor } from './attention.ts'
import { CallStrip } from './CallStrip.tsx'
import { connectPhone, usePhone, useSeatPlace } from './duty-desk.ts'
import { DutyStrip } from './DutyStrip.tsx'
import { roleIn } from './role.ts'
import { softphone } from './softphone.ts'
import { runStage } from './stage.ts'

/** A talk on the telephone that is not a contact of this seat: a consultation, or joining as supervisor. */
function InternalCall({ seatName }: { seatName: string }) {
  const { say } = useWords()
  const phone = usePhone()
  const ringing = phone.talk === 'ringing'
  const main = (): void => (ringing ? softphone.answer() : softphone.hangUp())
  useKeys([
    {
      key: ringing ? 'Alt+A' : 'Alt+E',
      words: ringing ? 'keys.answer' : 'keys.end',
      group: 'keys.groupCall',
      run: main,
    },
    { key: 'Alt+M', words: 'keys.mute', group: 'keys.groupCall', run: () => softphone.mute(!phone.muted) },
  ])
  return (
    <section className="dock dock-call" aria-label={say('keys.groupCall')}>
      <div className="strip">
        <div className="strip-state">
          <span className="state-word">{say(ringing ? 'call.offered' : 'call.talking')}</span>
          <span className="quiet">{seatName}</span>
          {phone.muted && <span className="tag tag-soon">{say('call.muted')}</span>}
        </div>
        <div className="strip-actions">
          {ringing ? (
            <button type="button" className="plain" onClick={() => softphone.hangUp()}>
              {say('call.decline')}
            </button>
          ) : (
            <button type="button" className="plain" onClick={() => softphone.mute(!phone.muted)}>
              {say(phone.muted ? 'call.unmute' : 'call.mute')} <kbd>Alt+M</kbd>
            </button>
          )}
          <button type="button" className="main-button" onClick={main}>
            {say(ringing ? 'call.answer' : 'call.end')} <kbd>{ringing ? 'Alt+A' : 'Alt+E'}</kbd>
          </button>
        </div>
      </div>
    </section>
  )
}

/** The seat is in another window: said plainly, with the way back. */
function SeatElsewhere({ place }: { place: 'elsewhere' | 'taken-over' }) {
  const { say } = useWords()
  const { pathname } = useLocation()
  // A second window for the board or the records does not want the seat.
  if (place === 'elsewhere' && pathname !== '/desk') return null
  const [what, how] =
    place === 'elsewhere'
      ? (['phone.elsewhere', 'phone.elsewhereHint'] as const)
      : (['phone.takenOver', 'phone.takenOverHint'] as const)
  return (
    <section className="dock">
      <Notice
        tone="soon"
        action={
          <button type="button" className="main-button" onClick={() => void connectPhone(true)}>
            {say('phone.takeBack')}
          </button>
        }
      >
        <strong>{say(what)}</strong> {say(how)}
      </Notice>
    </section>
  )
}

/** Rings while an offer stands: by the browser's telephone, or, at a desk phone, in title and notification only. */
function useRinging(desk: Desk | undefined): void {
  const { say } = useWords()
  const phone = usePhone()
  const byPhone = desk?.duty?.seatKind === 'phone' && desk.call?.state === 'offered'
  const rings = phone.talk === 'ringing' || byPhone
  const title = say('call.offered')
  const danger = desk?.call?.dangerKey ? ` · ${say('call.dangerShort')}` : ''
  const body = desk?.call ? `${desk.call.line.name}${danger}` : ''
  useEffect(() => (rings ? ringFor(title, body, !byPhone) : undefined), [rings, title, body, byPhone])
}

/** The clock of the open stage runs while the caller is on. */
function useStageClock(desk: Desk | undefined): void {
  const me = useMe()
  const here = useSeatPlace() === 'here'
  const owner = desk?.call ? roleIn(desk.call, me.displayName) === 'owner' : false
  const talking = desk?.call?.state === 'talking' && here && owner
  const contactId = desk?.call?.contactId
  useEffect(() => {
    if (contactId === undefined) return undefined
    runStage(contactId, talking)
    return () => runStage(contactId, false)
  }, [contactId, talking])
}

/** The call above every page: connects the telephone while on duty, rings, and shows the strip of the state. */
export function Dock() {
  const desk = useDesk()
  const phone = usePhone()
  const place = useSeatPlace()
  const duty = desk?.duty ?? null
  const atBrowser = duty?.seatKind === 'browser'
  useEffect(() => {
    if (atBrowser && place === 'here') void connectPhone(false)
    if (desk && !desk.duty) softphone.stop()
  }, [atBrowser, place, desk])
  useRinging(desk)
  useStageClock(desk)
  if (!duty) return null
  if (place !== 'here') return <SeatElsewhere place={place} />
  if (desk?.call && desk.call.state !== 'closed')
    return <CallStrip call={desk.call} seatKind={duty.seatKind} />
  if (phone.talk !== 'none') return <InternalCall seatName={duty.seatName} />
  return <DutyStrip duty={duty} />
}
