import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { closeProtocol, listProtocols, type Crisis, type ProtocolRun } from '../../api/crisis.ts'
import type { DeskCall } from '../../api/desk.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { useNow, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { Exceptions } from './Exceptions.tsx'
import { useCrisis, useCrisisCommand, useOpenProtocol } from './crisis.ts'
import { isOverdue, openSteps, runsInOrder } from './protocol-order.ts'
import { ProtocolStep, StepClock } from './ProtocolStep.tsx'

/** The choice of a protocol to open; those that ran or run are not offered again. */
function OpenAnother({ contactId, runs, first }: { contactId: string; runs: ProtocolRun[]; first: boolean }) {
  const { say, language } = useWords()
  const [choosing, setChoosing] = useState(false)
  const { data } = useQuery({
    queryKey: ['protocols'],
    queryFn: () => request(listProtocols, {}),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: choosing,
  })
  const opening = useOpenProtocol(contactId)
  const known = runs.map((run) => run.protocol)
  const offered = (data ?? []).filter((each) => !known.includes(each.protocol))
  return (
    <div className="stack">
      <div className="row">
        <button
          type="button"
          className="quiet-button"
          aria-expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        >
          {say(first ? 'protocol.open' : 'protocol.openAnother')}
        </button>
      </div>
      {choosing && (
        <div className="row">
          {offered.map(({ protocol, words }) => (
            <button
              key={protocol}
              type="button"
              className="plain"
              disabled={opening.isPending}
              onClick={() => opening.mutate(protocol, { onSuccess: () => setChoosing(false) })}
            >
              {words[language]}
            </button>
          ))}
          {data && offered.length === 0 && <span className="quiet">{say('protocol.allOpen')}</span>}
        </div>
      )}
      <Failure of={opening.error} />
    </div>
  )
}

function Steps({ contactId, run }: { contactId: string; run: ProtocolRun }) {
  const { say, language } = useWords()
  const now = useNow()
  // Undefined follows the protocol: the first step that still waits. A step once chosen stays open.
  const [chosen, setChosen] = useState<string | null | undefined>(undefined)
  const waiting = openSteps(run)
  const open = chosen === undefined ? (waiting[0]?.step ?? null) : chosen
  return (
    <ol className="steps">
      {run.steps.map((step, place) => (
        <li
          key={step.step}
          className={`step ${isOverdue(step, now) ? 'in-danger' : ''}`}
          data-open={open === step.step ? '' : undefined}
        >
          <button
            type="button"
            className="step-head"
            aria-expanded={open === step.step}
            onClick={() => setChosen(open === step.step ? null : step.step)}
          >
            <span className="step-number number" aria-hidden="true">
              {place + 1}
            </span>
            <span className="step-name">
              {step.words[language]}
              {step.who !== 'counsellor' && (
                <span className="quiet"> · {say(`protocol.who.${step.who}`)}</span>
              )}
              {!step.must && <span className="quiet"> · {say('protocol.optional')}</span>}
            </span>
            <StepClock step={step} />
          </button>
          {open === step.step && (
            <ProtocolStep contactId={contactId} run={run} step={step} onEnd={() => setChosen(undefined)} />
          )}
        </li>
      ))}
    </ol>
  )
}

/** Ends a protocol; steps that must still be done are named, and a press on one would open it in the list above. */
function EndRun({ contactId, run }: { contactId: string; run: ProtocolRun }) {
  const { say, language } = useWords()
  const ending = useCrisisCommand(contactId, () => request(closeProtocol, { params: { runId: run.runId } }))
  const left = openSteps(run).filter((step) => step.must)
  if (left.length > 0)
    return (
      <p className="quiet">
        {say('protocol.left', { n: left.length, first: left[0]?.words[language] ?? '' })}
      </p>
    )
  return (
    <>
      <Failure of={ending.error} />
      <div className="row">
        <button
          type="button"
          className="main-button"
          disabled={ending.isPending}
          onClick={() => ending.mutate(undefined)}
        >
          {say('protocol.close')}
        </button>
      </div>
    </>
  )
}

function Run({ contactId, run }: { contactId: string; run: ProtocolRun }) {
  const { say, language } = useWords()
  const mayWork = useMay('crisis.work')
  const over = run.closedAt !== null
  const [open, setOpen] = useState(!over)
  const done = run.steps.length - openSteps(run).length
  return (
    <section id={`run-${run.runId}`} className={`protocol stack ${over ? '' : 'protocol-runs'}`}>
      <div className="spread">
        <h2 className="protocol-name">{run.words[language]}</h2>
        <span className="row">
          <span className="quiet number">{say('protocol.progress', { done, all: run.steps.length })}</span>
          {over && (
            <button
              type="button"
              className="quiet-button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {say(open ? 'protocol.hide' : 'protocol.show')}
            </button>
          )}
        </span>
      </div>
      <p className="quiet">
        {say(`protocol.from.${run.openedFrom}`)} · <When at={run.openedAt} />
        {over && (
          <>
            {' '}
            · {say('protocol.closed')} <When at={run.closedAt} />
          </>
        )}
      </p>
      {open && <Steps contactId={contactId} run={run} />}
      {!over && mayWork && <EndRun contactId={contactId} run={run} />}
    </section>
  )
}

/** The protocols that run, each with its clocks. */
export function RunningProtocols({ contactId, crisis }: { contactId: string; crisis: Crisis }) {
  return runsInOrder(crisis.runs)
    .filter((run) => run.closedAt === null)
    .map((run) => <Run key={run.runId} contactId={contactId} run={run} />)
}

/** The protocols of a contact: running ones with their clocks, ended ones folded, and the way to open another. */
export function Protocols({ contactId, crisis }: { contactId: string; crisis: Crisis }) {
  const { say } = useWords()
  const mayWork = useMay('crisis.work')
  const runs = runsInOrder(crisis.runs)
  return (
    <div className="stack">
      {runs.length === 0 && <p className="quiet">{say('protocol.none')}</p>}
      {runs.map((run) => (
        <Run key={run.runId} contactId={contactId} run={run} />
      ))}
      {mayWork && <OpenAnother contactId={contactId} runs={runs} first={runs.length === 0} />}
    </div>
  )
}

/** At the desk's side, below the questions: ended protocols, another one to open, exceptions to confidentiality. */
export function ProtocolPanel({ call }: { call: DeskCall }) {
  const { contactId } = call
  const crisis = useCrisis(contactId)
  if (!crisis) return null
  const runs = runsInOrder(crisis.runs)
  return (
    <div className="stack">
      {runs
        .filter((run) => run.closedAt !== null)
        .map((run) => (
          <Run key={run.runId} contactId={contactId} run={run} />
        ))}
      <OpenAnother contactId={contactId} runs={runs} first={runs.length === 0} />
      <Exceptions contactId={contactId} crisis={crisis} />
    </div>
  )
}
