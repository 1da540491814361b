import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { listTasks } from '../../api/tasks.ts'
import type { Desk } from '../../api/desk.ts'
import { FailedPart, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { Since, useNow, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { taskWords } from './TaskRow.tsx'

/** The own contacts still to be finished. */
export function ToFinish({ records }: { records: Desk['toFinish'] }) {
  const { say } = useWords()
  return (
    <section className="card stack">
      <h2>{say('wait.toFinish')}</h2>
      {records.length === 0 && <p className="quiet">{say('wait.toFinishNone')}</p>}
      <ul className="lines">
        {records.map((record) => (
          <li key={record.contactId}>
            <Link to="/contacts/$id" params={{ id: record.contactId }}>
              {say('wait.record', { number: record.number, line: record.line })}
            </Link>
            <span className="quiet">
              <When at={record.startedAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function DueTasks() {
  const { say } = useWords()
  const now = useNow(15_000)
  const { data, error, refetch } = useQuery({
    queryKey: ['tasks', 'desk'],
    queryFn: () => request(listTasks, { query: { whose: 'mine', limit: 6 } }),
  })
  if (error) return <FailedPart of={error} retry={() => void refetch()} />
  return (
    <section className="card stack">
      <h2>{say('tasks.mineDue')}</h2>
      {!data && <Skeleton lines={2} />}
      {data?.rows.length === 0 && <p className="quiet">{say('tasks.mineNone')}</p>}
      <ul className="lines">
        {data?.rows.map((task) => (
          <li key={task.taskId}>
            <Link to="/tasks" search={{ whose: 'mine' }}>
              {taskWords(task, say)}
            </Link>
            <span className="quiet">
              {Date.parse(task.dueAt) < now && <span className="tag tag-soon">! {say('tasks.overdue')}</span>}{' '}
              {say('call.number', { number: task.contactNumber })} · <When at={task.dueAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Waiting for a call: how I stand, what is unfinished, what is due, a breath. */
export function Waiting({ duty, toFinish }: { duty: NonNullable<Desk['duty']>; toFinish: Desk['toFinish'] }) {
  const { say } = useWords()
  const mayWork = useMay('task.work')
  const missed = duty.state === 'paused' && duty.reason === 'missed-offer'
  return (
    <div className="waiting">
      <section className="card breath">
        <h1>{say(duty.state === 'paused' ? 'duty.state.paused' : 'wait.title')}</h1>
        <p className="waiting-since number">
          <Since at={duty.since} />
        </p>
        {missed && <Notice tone="soon">{say('duty.missedHint')}</Notice>}
        <p className="quiet">
          <span className="strong">{say('wait.breath')}</span> · {say('wait.breathHow')}
        </p>
      </section>
      <ToFinish records={toFinish} />
      {mayWork && <DueTasks />}
    </div>
  )
}
