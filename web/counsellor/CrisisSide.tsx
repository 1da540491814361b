import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { DeskCall } from '../../api/desk.ts'
import { useKeys } from '../ui/keys.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { useWords } from '../ui/words.ts'
import { crisisQuery, toProtocol, useCrisis } from './crisis.ts'
import { Exceptions } from './Exceptions.tsx'
import { nextDue, runsInOrder } from './protocol-order.ts'
import { Protocols, RunningProtocols } from './ProtocolPanel.tsx'
import { StepClock } from './ProtocolStep.tsx'
import { RiskReasons } from './RiskReasons.tsx'

/**
 * The first thing at the side of the call: a protocol that runs, which comes by itself when something opened it, then the
 * level with its reasons.
 */
export function CrisisSide({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const crisis = useCrisis(call.contactId)
  const running = crisis?.runs.filter((run) => run.closedAt === null).length ?? 0
  if (!crisis) return null
  return (
    <div className="stack" id="crisis">
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

/**
 * In the call strip while a protocol runs: the step that is due next, with its clock, in sight wherever the page is scrolled
 * to. It never takes the keyboard from somebody who is typing; a press goes to the step.
 */
export function ProtocolMark({ contactId }: { contactId: string }) {
  const { say, language } = useWords()
  const navigate = useNavigate()
  const crisis = useCrisis(contactId)
  const running = runsInOrder(crisis?.runs ?? []).filter((run) => run.closedAt === null)
  const [run] = running
  const go = (): void => void navigate({ to: '/desk' }).then(toProtocol)
  useKeys(run ? [{ key: 'Alt+O', words: 'keys.protocol', group: 'keys.groupCall', run: go }] : [])
  if (!run) return null
  const next = nextDue(running)
  return (
    <button type="button" className="plain protocol-mark" title={run.words[language]} onClick={go}>
      <span aria-hidden="true">▲</span> {next ? next.words[language] : say('protocol.allDone')}{' '}
      {next && <StepClock step={next} />} <kbd>Alt+O</kbd>
    </button>
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
