import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { readTask } from '../../api/tasks.ts'
import { FailedPart, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useNow, When } from '../ui/When.tsx'
import { useWords, words, type Say, type WordKey } from '../ui/words.ts'
import { TaskActions, type Task } from './TaskActions.tsx'

const isKey = (key: string): key is WordKey => key in words

/** What a task is, with its place in the plan. */
export const taskWords = (task: Pick<Task, 'kind' | 'planStep'>, say: Say): string => {
  const step = `tasks.step.${task.planStep ?? ''}`
  const kind = say(`tasks.kind.${task.kind}`)
  return task.planStep === null ? kind : `${kind} · ${isKey(step) ? say(step) : task.planStep}`
}

function History({ taskId }: { taskId: string }) {
  const { say } = useWords()
  const { data, error, refetch } = useQuery({
    queryKey: ['tasks', 'one', taskId],
    queryFn: () => request(readTask, { params: { taskId } }),
  })
  if (error) return <FailedPart of={error} retry={() => void refetch()} />
  if (!data) return <Skeleton lines={2} />
  return (
    <div className="task-history">
      <p className="quiet">
        {data.createdBy ? say('tasks.madeBy', { name: data.createdBy }) : say('tasks.madeByItself')} ·{' '}
        <When at={data.createdAt} />
      </p>
      {data.attempts.length === 0 && <p className="quiet">{say('tasks.historyNone')}</p>}
      <ol className="lines">
        {data.attempts.map((attempt) => (
          <li key={attempt.seq}>
            <span>
              {say(`tasks.outcome.${attempt.outcome}`)} · {attempt.person}
              {attempt.words !== '' && ` · ${attempt.words}`}
            </span>
            <span className="quiet">
              <When at={attempt.at} />
            </span>
          </li>
        ))}
      </ol>
      {data.resultWords !== '' && <p>{data.resultWords}</p>}
    </div>
  )
}

function About({ task }: { task: Task }) {
  const { say } = useWords()
  return (
    <div className="quiet">
      {task.ownerIsMe ? say('tasks.mine') : (task.owner ?? say('tasks.nobody'))}
      {task.callerNumber && <span className="number strong"> · {task.callerNumber}</span>}
      {task.attempts > 0 && (
        <>
          {' '}
          · {say('tasks.attempts', { n: task.attempts })} · {say('tasks.lastAttempt')}{' '}
          <When at={task.lastAttemptAt} />
        </>
      )}
    </div>
  )
}

/** One task: what, whose, by when, what was tried; its history opens below. */
export function TaskRow({ task }: { task: Task }) {
  const { say } = useWords()
  const now = useNow(15_000)
  const [history, setHistory] = useState(false)
  const overdue = task.doneAt === null && Date.parse(task.dueAt) < now
  const calls = task.kind !== 'listen-to-message'
  const dropped = task.kind === 'dropped-high-risk' && task.doneAt === null
  return (
    <li className={`card task${dropped ? ' task-dropped' : ''}`}>
      <div className="stack task-what">
        <div className="row">
          <span className="strong">
            {dropped && <span aria-hidden="true">▲ </span>}
            {taskWords(task, say)}
          </span>
          {overdue && <span className="tag tag-soon">! {say('tasks.overdue')}</span>}
          {(task.risk === 'high' || task.risk === 'acute') && (
            <span className={task.risk === 'acute' ? 'tag tag-danger' : 'tag tag-soon'}>
              {say(`form.risk.${task.risk}`)}
            </span>
          )}
        </div>
        <div className="quiet">
          <Link to="/contacts/$id" params={{ id: task.contactId }}>
            {say('call.number', { number: task.contactNumber })}
          </Link>{' '}
          · {task.lineName} · {say('tasks.due')} <When at={task.dueAt} />
        </div>
        <About task={task} />
        {task.words && (
          <p>
            <span className="quiet">{say('tasks.ask')}:</span> {task.words}
          </p>
        )}
        {calls && !task.callable && task.doneAt === null && (
          <Notice tone="soon">{say(dropped ? 'tasks.withheldDropped' : 'tasks.withheld')}</Notice>
        )}
        <button
          type="button"
          className="quiet-button task-more"
          aria-expanded={history}
          onClick={() => setHistory(!history)}
        >
          {say('tasks.history')}
        </button>
        {history && <History taskId={task.taskId} />}
      </div>
      <TaskActions task={task} />
    </li>
  )
}
