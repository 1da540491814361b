import { useEffect, useRef } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { useWords } from '../ui/words.ts'
import { useQuery } from '@tanstack/react-query'
import { crisisQuery, useCrisis } from './crisis.ts'
import { Exceptions } from './Exceptions.tsx'
import { Protocols, RunningProtocols } from './ProtocolPanel.tsx'
import { RiskReasons } from './RiskReasons.tsx'

/**
 * The first thing at the side of the call: a protocol that runs, which comes by itself when something opened it, then the
 * level with its reasons.
 */
export function CrisisSide({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const crisis = useCrisis(call.contactId)
  const part = useRef<HTMLDivElement>(null)
  const running = crisis?.runs.filter((run) => run.closedAt === null).length ?? 0
  useEffect(() => {
    // It comes into sight by itself, but never takes the keyboard from somebody who is typing.
    if (running > 0) part.current?.scrollIntoView({ block: 'nearest' })
  }, [running])
  if (!crisis) return null
  return (
    <div ref={part} className="stack" id="crisis" tabIndex={-1}>
      {running > 0 && (
        <p className="protocol-now" role="status">
          ▲ {say('protocol.running', { n: running })} <kbd>Alt+O</kbd>
        </p>
      )}
      <RunningProtocols contactId={call.contactId} crisis={crisis} />
      <RiskReasons contactId={call.contactId} crisis={crisis} />
    </div>
  )
}

/** A contact's danger on its own page: level and reasons, protocols, exceptions. */
export function CrisisPart({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const { data: crisis, error, refetch } = useQuery(crisisQuery(contactId))
  if (!crisis) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={4} />
  return (
    <section className="card stack" aria-label={say('risk.title')}>
      <h2>{say('risk.title')}</h2>
      <RiskReasons contactId={contactId} crisis={crisis} />
      <h3>{say('protocol.title')}</h3>
      <Protocols contactId={contactId} crisis={crisis} />
      <h3>{say('exception.title')}</h3>
      <Exceptions contactId={contactId} crisis={crisis} />
    </section>
  )
}
