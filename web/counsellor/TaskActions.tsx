import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { z } from 'zod'
import {
  attemptOutcomes,
  dialTask,
  finishTask,
  recordAttempt,
  releaseTask,
  takeTask,
  taskResults,
  type task as taskShape,
} from '../../api/tasks.ts'
import { InstantInput } from '../ui/form/Inputs.tsx'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'

/** A task as the API gives it. */
export type Task = z.output<typeof taskShape>

function useDeed<V>(deed: (given: V) => Promise<unknown>, then?: () => void) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: deed,
    onSuccess: () => then?.(),
    onSettled: () => cache.invalidateQueries({ queryKey: ['tasks'] }),
  })
}

/** What was tried, in one line: outcome, words, and another time where one was agreed. */
function Attempt({ task, then }: { task: Task; then: () => void }) {
  const { say } = useWords()
  const [outcome, setOutcome] = useState<(typeof attemptOutcomes)[number] | null>(null)
  const [words, setWords] = useState('')
  const [dueAt, setDueAt] = useState<string | null>(null)
  const save = useDeed(
    (chosen: (typeof attemptOutcomes)[number]) =>
      request(recordAttempt, {
        params: { taskId: task.taskId },
        body: { outcome: chosen, words, ...(chosen === 'call-later' && dueAt ? { dueAt } : {}) },
      }),
    then,
  )
  return (
    <form
      className="stack task-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (outcome) save.mutate(outcome)
      }}
    >
      <div className="row" role="group" aria-label={say('tasks.record')}>
        {attemptOutcomes.map((each) => (
          <button
            key={each}
            type="button"
            className="plain toggle"
            aria-pressed={outcome === each}
            onClick={() => setOutcome(each)}
          >
            {say(`tasks.outcome.${each}`)}
          </button>
        ))}
      </div>
      {outcome === 'call-later' && (
        <label>
          <span className="quiet">{say('tasks.later')}</span>
          <InstantInput label={say('tasks.later')} value={dueAt ?? ''} onChange={setDueAt} />
        </label>
      )}
      <WordsBox words={words} onChange={setWords} />
      <div className="row">
        <button type="submit" className="main-button" disabled={outcome === null || save.isPending}>
          {say('tasks.save')}
        </button>
      </div>
      <Failure of={save.error} />
    </form>
  )
}

function WordsBox({ words, onChange }: { words: string; onChange: (words: string) => void }) {
  const { say } = useWords()
  return (
    <label>
      <span className="quiet">{say('tasks.words')}</span>
      <textarea
        className="box"
        rows={2}
        maxLength={1000}
        value={words}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

function Finish({ task }: { task: Task }) {
  const { say } = useWords()
  const [words, setWords] = useState('')
  const [rest, setRest] = useState(false)
  const finish = useDeed((result: (typeof taskResults)[number]) =>
    request(finishTask, { params: { taskId: task.taskId }, body: { result, words, rest } }),
  )
  return (
    <div className="stack task-form">
      <WordsBox words={words} onChange={setWords} />
      {task.kind === 'follow-up' && (
        <label className="row">
          <input type="checkbox" checked={rest} onChange={(event) => setRest(event.target.checked)} />
          {say('tasks.rest')}
        </label>
      )}
      <div className="row">
        {taskResults.map((result) => (
          <button
            key={result}
            type="button"
            className="plain"
            disabled={finish.isPending}
            onClick={() => finish.mutate(result)}
          >
            {say(`tasks.result.${result}`)}
          </button>
        ))}
      </div>
      <Failure of={finish.error} />
    </div>
  )
}

function Dial({ task }: { task: Task }) {
  const { say } = useWords()
  const dial = useDeed(() => request(dialTask, { params: { taskId: task.taskId } }))
  return (
    <>
      <button
        type="button"
        className="main-button"
        title={say('tasks.dialHint')}
        disabled={dial.isPending}
        onClick={() => dial.mutate(undefined)}
      >
        {say('tasks.dial')}
      </button>
      {dial.isSuccess && <Notice tone="good">{say('tasks.dialling')}</Notice>}
      <Failure of={dial.error} />
    </>
  )
}

/** What nobody has is taken; what another has a supervisor may let go. */
function Others({ task }: { task: Task }) {
  const { say } = useWords()
  const maySeeAll = useMay('contact.all')
  const params = { taskId: task.taskId }
  const take = useDeed(() => request(takeTask, { params }))
  const release = useDeed(() => request(releaseTask, { params }))
  return (
    <div className="stack">
      {task.owner === null && (
        <button
          type="button"
          className={task.kind === 'dropped-high-risk' ? 'main-button' : 'plain'}
          disabled={take.isPending}
          onClick={() => take.mutate(undefined)}
        >
          {say('tasks.take')}
        </button>
      )}
      {task.owner !== null && maySeeAll && (
        <button
          type="button"
          className="quiet-button"
          disabled={release.isPending}
          onClick={() => release.mutate(undefined)}
        >
          {say('tasks.release')}
        </button>
      )}
      <Failure of={take.error ?? release.error} />
    </div>
  )
}

/** What can be done with a task: take it, call, record a try, finish it, let it go. */
export function TaskActions({ task }: { task: Task }) {
  const { say } = useWords()
  const mayDial = useMay('duty.own')
  const [open, setOpen] = useState<'attempt' | 'finish' | null>(null)
  const release = useDeed(() => request(releaseTask, { params: { taskId: task.taskId } }))
  const toggle = (part: 'attempt' | 'finish'): void => setOpen(open === part ? null : part)
  if (task.doneAt) return <span className="quiet">{task.result && say(`tasks.result.${task.result}`)}</span>
  if (!task.ownerIsMe) return <Others task={task} />
  const listens = task.kind === 'listen-to-message'
  return (
    <div className="stack task-actions">
      <div className="row">
        {listens && (
          <Link to="/contacts/$id" params={{ id: task.contactId }}>
            {say('tasks.message')}
          </Link>
        )}
        {!listens && mayDial && task.callable && <Dial task={task} />}
        {!listens && (
          <button
            type="button"
            className="plain"
            aria-expanded={open === 'attempt'}
            onClick={() => toggle('attempt')}
          >
            {say('tasks.record')}
          </button>
        )}
        <button
          type="button"
          className="plain"
          aria-expanded={open === 'finish'}
          onClick={() => toggle('finish')}
        >
          {say('tasks.finish')}
        </button>
        <button
          type="button"
          className="quiet-button"
          disabled={release.isPending}
          onClick={() => release.mutate(undefined)}
        >
          {say('tasks.release')}
        </button>
      </div>
      {open === 'attempt' && <Attempt task={task} then={() => setOpen(null)} />}
      {open === 'finish' && <Finish task={task} />}
      <Failure of={release.error} />
    </div>
  )
}
