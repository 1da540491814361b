import './caller.css'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ContactCaller } from '../../api/callers.ts'
import type { DeskCall } from '../../api/desk.ts'
import { useKeys } from '../ui/keys.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { callerQuery, useAnswer } from './caller.ts'
import { Risk } from './Contacts.tsx'
import { EarlierList } from './EarlierList.tsx'

type Answering = ReturnType<typeof useAnswer>

/** Contacts and date of the last one, in a line. */
function Sums({ of }: { of: ContactCaller['proposals'][number] }) {
  const { say } = useWords()
  return (
    <span className="quiet">
      {say('caller.contacts', { n: of.contacts })}
      {of.lastAt && (
        <>
          {' '}
          · {say('caller.last')} <When at={of.lastAt} />
        </>
      )}
      {of.highest && (
        <>
          {' '}
          · {say('caller.highest')} <Risk of={of.highest} />
        </>
      )}
    </span>
  )
}

/** Earlier contacts without a caller: chosen one by one, so that two people on one telephone stay two. */
function Unlinked({ caller, answering }: { caller: ContactCaller; answering: Answering }) {
  const { say } = useWords()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  if (caller.unlinked.length === 0) return null
  const toggle = (id: string): void => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  return (
    <fieldset className="unlinked">
      <legend>{say('caller.unlinked')}</legend>
      <ul>
        {caller.unlinked.slice(0, 30).map((each) => (
          <li key={each.contactId}>
            <label className="row">
              <input
                type="checkbox"
                checked={chosen.has(each.contactId)}
                onChange={() => toggle(each.contactId)}
              />
              <span className="number">{say('call.number', { number: each.number })}</span>
              <When at={each.startedAt} />
              {each.risk && each.risk !== 'none' && <Risk of={each.risk} />}
              {each.answer === 'other' && <span className="quiet">{say('caller.wasOther')}</span>}
            </label>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="plain"
        disabled={chosen.size === 0 || answering.isPending}
        onClick={() => answering.mutate({ answer: 'same', contactIds: [...chosen] })}
      >
        {chosen.size === 0 ? say('caller.choose') : say('caller.sameChosen', { n: chosen.size })}
      </button>
    </fieldset>
  )
}

function Question({ caller, answering }: { caller: ContactCaller; answering: Answering }) {
  const { say } = useWords()
  return (
    <div className="stack">
      <p className="strong">{say('caller.ask')}</p>
      <p className="quiet">{say('caller.askHint')}</p>
      <ul className="proposals">
        {caller.proposals.map((each) => (
          <li key={each.profileId} className="spread">
            <span>
              <span className="number strong">{each.pseudonym}</span> <Sums of={each} />
            </span>
            <button
              type="button"
              className="plain"
              disabled={answering.isPending}
              onClick={() => answering.mutate({ answer: 'same', profileId: each.profileId })}
            >
              {say('caller.same')}
            </button>
          </li>
        ))}
      </ul>
      <Unlinked caller={caller} answering={answering} />
      <div className="row">
        {(['other', 'unknown'] as const).map((answer) => (
          <button
            key={answer}
            type="button"
            className="plain"
            disabled={answering.isPending}
            onClick={() => answering.mutate({ answer })}
          >
            {say(`caller.${answer}`)}
          </button>
        ))}
      </div>
    </div>
  )
}

/** What was said of whose contact it is, and the way back. */
function Said({ caller, answering }: { caller: ContactCaller; answering: Answering }) {
  const { say } = useWords()
  const { profile } = caller
  return (
    <div className="spread">
      <span>
        {profile ? (
          <>
            <Link to="/callers/$id" params={{ id: profile.profileId }} className="number strong">
              {profile.pseudonym}
            </Link>{' '}
            <Sums of={profile} />
          </>
        ) : (
          say(caller.answer === 'other' ? 'caller.isOther' : 'caller.isUnknown')
        )}
        {caller.answeredBy && (
          <span className="quiet"> · {say('caller.saidBy', { name: caller.answeredBy })}</span>
        )}
      </span>
      {caller.mayAnswer && (
        <button
          type="button"
          className="quiet-button"
          disabled={answering.isPending}
          onClick={() => answering.mutate({ answer: null })}
        >
          {say('caller.undo')}
        </button>
      )}
    </div>
  )
}

/** The question who it is, and what came before. */
function Parts({ contactId, caller }: { contactId: string; caller: ContactCaller }) {
  const { say } = useWords()
  const answering = useAnswer(contactId)
  const asked = caller.mayAnswer && caller.answer === null && caller.none === null
  return (
    <>
      <Failure of={answering.error} />
      {caller.answer !== null && <Said caller={caller} answering={answering} />}
      {asked && <Question caller={caller} answering={answering} />}
      {caller.none !== null && caller.answer === null && (
        <p className="quiet">
          {say(`caller.none.${caller.none}`)}
          {caller.none === 'untrusted' &&
            caller.earlierCount > 0 &&
            ` ${say('caller.earlierCount', { n: caller.earlierCount })}`}
        </p>
      )}
      {caller.frequent && <Notice>{say('caller.frequent', caller.frequent)}</Notice>}
      {caller.profile && (
        <details className="earlier-part" open={caller.earlier.length <= 3}>
          <summary>
            {say('caller.earlier')} <span className="number">{caller.earlier.length}</span>
          </summary>
          <EarlierList contacts={caller.earlier} />
        </details>
      )}
    </>
  )
}

/** Whose contact it is, on the desk and on the contact's page. */
export function CallerPart({ contactId }: { contactId: string }) {
  const { data, error, refetch } = useQuery(callerQuery(contactId))
  if (data) return <Parts contactId={contactId} caller={data} />
  return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={2} />
}

/** The caller at the side of the call; one key opens what came before and takes the keyboard there. */
export function EarlierContacts({ call }: { call: DeskCall }) {
  const { say } = useWords()
  useKeys([
    {
      key: 'Alt+C',
      words: 'keys.caller',
      group: 'keys.groupForm',
      run: () => {
        const part = document.getElementById('caller-part')
        const earlier = part?.querySelector<HTMLDetailsElement>('.earlier-part')
        if (earlier) earlier.open = true
        part?.scrollIntoView({ block: 'nearest' })
        part?.querySelector<HTMLElement>('summary, .proposals button, .unlinked input, button')?.focus()
      },
    },
  ])
  return (
    <div id="caller-part" className="stack">
      <h3>
        {say('caller.title')} <kbd>Alt+C</kbd>
      </h3>
      <CallerPart contactId={call.contactId} />
    </div>
  )
}
