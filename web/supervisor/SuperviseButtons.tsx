import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useDesk } from '../ui/own-desk.ts'
import { Failure } from '../ui/Notice.tsx'
import { useMay } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import { HintBox } from '../ui/HintBox.tsx'
import {
  keepReason,
  readReason,
  superviseModes,
  superviseReasons,
  useSupervise,
  type Reason,
} from '../ui/supervising.ts'

function ReasonField({
  reason,
  typed,
  onChange,
}: {
  reason: Reason
  typed: string
  onChange: (reason: Reason, typed: string) => void
}) {
  const { say } = useWords()
  const id = useId()
  return (
    <span className="row">
      <label htmlFor={id} className="quiet">
        {say('supervise.reason')}
      </label>
      <select
        id={id}
        className="box"
        value={reason}
        onChange={(event) => onChange(event.target.value as Reason, typed)}
      >
        {superviseReasons.map((each) => (
          <option key={each} value={each}>
            {say(`supervise.reason.${each}`)}
          </option>
        ))}
        <option value="other">{say('supervise.reason.other')}</option>
      </select>
      {reason === 'other' && (
        <input
          type="text"
          className="box"
          maxLength={200}
          value={typed}
          aria-label={say('supervise.reasonTyped')}
          placeholder={say('supervise.reasonTyped')}
          onChange={(event) => onChange(reason, event.target.value)}
        />
      )}
    </span>
  )
}

/** The four ways into a call, its reason, and a word to its counsellor: all at one's own seat (G24-5.3.5). */
function Ways({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const desk = useDesk()
  const supervise = useSupervise(contactId)
  const [reason, setReason] = useState<Reason>(readReason)
  const [typed, setTyped] = useState('')
  const words = reason === 'other' ? typed.trim() : reason
  const own = desk?.call?.contactId === contactId && desk.call.supervising === null
  if (own) return null
  return (
    <div className="supervise-ways">
      {desk && !desk.duty ? (
        <p className="quiet">
          {say('supervise.needsSeat')} · <Link to="/desk">{say('supervise.goOnDuty')}</Link>
        </p>
      ) : (
        <>
          <ReasonField
            reason={reason}
            typed={typed}
            onChange={(next, text) => {
              setReason(next)
              setTyped(text)
              keepReason(next)
            }}
          />
          <span className="row">
            {superviseModes.map((mode) => (
              <button
                key={mode}
                type="button"
                className="plain"
                title={say(`supervise.${mode}Hint`)}
                disabled={words === '' || supervise.isPending}
                onClick={() => supervise.mutate({ mode, reason: words })}
              >
                {say(`supervise.${mode}`)}
              </button>
            ))}
          </span>
          <Failure of={supervise.error} />
        </>
      )}
      <HintBox contactId={contactId} />
    </div>
  )
}

/** In a row of the board: opens the ways into this call; nothing for who may not supervise. */
export function SuperviseButtons({ contactId, number }: { contactId: string; number: number }) {
  const { say } = useWords()
  const mayJoin = useMay('call.supervise')
  const [open, setOpen] = useState(false)
  if (!mayJoin) return null
  return (
    <>
      <button
        type="button"
        className="quiet-button"
        aria-expanded={open}
        aria-label={open ? undefined : say('supervise.label', { number })}
        onClick={() => setOpen(!open)}
      >
        {say(open ? 'supervise.close' : 'supervise.open')}
      </button>
      {open && <Ways contactId={contactId} />}
    </>
  )
}
