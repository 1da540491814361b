import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { transferTargets, type TransferTarget } from '../../api/desk.ts'
import { useKeys } from '../ui/keys.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMe } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import type { Command } from './duty-desk.ts'

const useTargets = () =>
  useQuery({
    queryKey: ['targets'],
    queryFn: () => request(transferTargets, {}),
    staleTime: 0,
    refetchInterval: 5000,
  })

function Panel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { say } = useWords()
  useKeys([{ key: 'Escape', words: 'keys.close', group: 'keys.groupScreen', run: onClose }])
  return (
    <section className="panel" aria-label={title}>
      <div className="spread">
        <h2>{title}</h2>
        <button type="button" className="quiet-button" autoFocus onClick={onClose}>
          {say('do.close')} <kbd>Esc</kbd>
        </button>
      </div>
      {children}
    </section>
  )
}

function OutsideNumber({ send }: { send: (mode: 'blind' | 'attended', to: TransferTarget) => void }) {
  const { say } = useWords()
  const [number, setNumber] = useState('')
  const valid = /^[0-9+*#]{2,20}$/.test(number)
  return (
    <li>
      <label className="grow">
        <span className="quiet">{say('transfer.outside')}</span>
        <input
          className="box"
          inputMode="tel"
          autoComplete="off"
          value={number}
          maxLength={20}
          onChange={(event) => setNumber(event.target.value.replace(/[\s-]/g, ''))}
        />
        {number !== '' && !valid && <span className="hint">{say('transfer.numberInvalid')}</span>}
      </label>
      <TwoWays disabled={!valid} send={(mode) => send(mode, { kind: 'number', number })} />
    </li>
  )
}

function TwoWays({ disabled, send }: { disabled: boolean; send: (mode: 'blind' | 'attended') => void }) {
  const { say } = useWords()
  return (
    <span className="row">
      <button type="button" className="plain" disabled={disabled} onClick={() => send('attended')}>
        {say('transfer.attended')}
      </button>
      <button type="button" className="plain" disabled={disabled} onClick={() => send('blind')}>
        {say('transfer.blind')}
      </button>
    </span>
  )
}

/** Where the call can go: seats, lines, an outside number; told first or sent at once. */
export function TransferPanel({ command, onClose }: { command: Command; onClose: () => void }) {
  const { say } = useWords()
  const { data, error, refetch } = useTargets()
  const me = useMe()
  const seats = (data?.seats ?? []).filter((seat) => seat.state !== 'off' && seat.person !== me.displayName)
  const send = (mode: 'blind' | 'attended', to: TransferTarget): void =>
    command.mutate({ command: 'transfer', mode, to }, { onSuccess: onClose })
  return (
    <Panel title={say('transfer.title')} onClose={onClose}>
      <Failure of={command.error} />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={3} />}
      {data && seats.length === 0 && <p className="quiet">{say('transfer.none')}</p>}
      {data && (
        <ul className="targets">
          {seats.map((seat) => (
            <li key={seat.seatId}>
              <span className="grow">
                {seat.person ?? seat.name} <span className="quiet">{seat.person && seat.name}</span>{' '}
                {seat.supervisor && <span className="tag">{say('call.member.supervisor')}</span>}{' '}
                <span className="tag">{say(`target.${seat.state}`)}</span>
              </span>
              <TwoWays
                disabled={seat.state !== 'free' || command.isPending}
                send={(mode) => send(mode, { kind: 'seat', seatId: seat.seatId })}
              />
            </li>
          ))}
          {data.lines.map((line) => (
            <li key={line.lineId}>
              <span className="grow">
                {line.name} <span className="tag">{say('contacts.line')}</span>
              </span>
              <button
                type="button"
                className="plain"
                disabled={command.isPending}
                onClick={() => send('blind', { kind: 'line', lineId: line.lineId })}
              >
                {say('transfer.blind')}
              </button>
            </li>
          ))}
          {data.outside && <OutsideNumber send={send} />}
        </ul>
      )}
    </Panel>
  )
}

/** Asking a supervisor to join the call. */
export function HelpPanel({ command, onClose }: { command: Command; onClose: () => void }) {
  const { say } = useWords()
  const me = useMe()
  const { data, error, refetch } = useTargets()
  const supervisors = (data?.seats ?? []).filter(
    (seat) => seat.supervisor && seat.state !== 'off' && seat.person !== me.displayName,
  )
  return (
    <Panel title={say('transfer.help')} onClose={onClose}>
      <Failure of={command.error} />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={2} />}
      {data && supervisors.length === 0 && <p className="quiet">{say('transfer.noHelp')}</p>}
      <ul className="targets">
        {supervisors.map((seat) => (
          <li key={seat.seatId}>
            <span className="grow">
              {seat.person ?? seat.name} <span className="tag">{say(`target.${seat.state}`)}</span>
            </span>
            <button
              type="button"
              className="plain"
              disabled={seat.state !== 'free' || command.isPending}
              onClick={() =>
                command.mutate({ command: 'invite', seatId: seat.seatId }, { onSuccess: onClose })
              }
            >
              {say('transfer.invite')}
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
