import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { dialTask, finishTask, listTasks, takeTask } from '../../api/tasks.ts'
import type { Reply } from '../../api/endpoint.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { useNow, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

type Task = Reply<typeof listTasks>['rows'][number]
const results = ['reached', 'not-reached', 'not-needed'] as const

function useDeed(deed: (result: (typeof results)[number]) => Promise<unknown>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: deed,
    onSettled: () => cache.invalidateQueries({ queryKey: ['tasks'] }),
  })
}

function Actions({ task }: { task: Task }) {
  const { say } = useWords()
  const params = { taskId: task.taskId }
  const [finishing, setFinishing] = useState(false)
  const mayDial = useMay('duty.own')
  const take = useDeed(() => request(takeTask, { params }))
  const dial = useDeed(() => request(dialTask, { params }))
  const finish = useDeed((result) => request(finishTask, { params, body: { result } }))
  if (task.doneAt) return <span className="quiet">{task.result && say(`tasks.result.${task.result}`)}</span>
  if (!task.ownerIsMe)
    return (
      <div className="stack">
        <button
          type="button"
          className="plain"
          disabled={task.owner !== null || take.isPending}
          onClick={() => take.mutate('reached')}
        >
          {say('tasks.take')}
        </button>
        <Failure of={take.error} />
      </div>
    )
  return (
    <div className="stack">
      <div className="row">
        {task.kind !== 'listen-to-message' && mayDial && (
          <button
            type="button"
            className="main-button"
            title={say('tasks.dialHint')}
            disabled={dial.isPending}
            onClick={() => dial.mutate('reached')}
          >
            {say('tasks.dial')}
          </button>
        )}
        {task.kind === 'listen-to-message' && (
          <Link to="/contacts/$id" params={{ id: task.contactId }}>
            {say('tasks.message')}
          </Link>
        )}
        <button
          type="button"
          className="plain"
          aria-expanded={finishing}
          onClick={() => setFinishing(!finishing)}
        >
          {say('tasks.finish')}
        </button>
      </div>
      {finishing && (
        <div className="row">
          {results.map((result) => (
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
      )}
      {dial.isSuccess && <Notice tone="good">{say('tasks.dialling')}</Notice>}
      <Failure of={dial.error ?? finish.error} />
    </div>
  )
}

function Row({ task }: { task: Task }) {
  const { say } = useWords()
  const now = useNow(15_000)
  const overdue = task.doneAt === null && Date.parse(task.dueAt) < now
  return (
    <li className="card task">
      <div>
        <div className="row">
          <span className="strong">{say(`tasks.kind.${task.kind}`)}</span>
          {overdue && <span className="tag tag-soon">! {say('tasks.overdue')}</span>}
        </div>
        <div className="quiet">
          <Link to="/contacts/$id" params={{ id: task.contactId }}>
            {say('call.number', { number: task.contactNumber })}
          </Link>{' '}
          · {task.lineName} · {say('tasks.due')} <When at={task.dueAt} />
        </div>
        <div className="quiet">
          {task.ownerIsMe ? say('tasks.mine') : (task.owner ?? say('tasks.nobody'))}
          {task.callerNumber && <span className="number strong"> · {task.callerNumber}</span>}
        </div>
      </div>
      <Actions task={task} />
    </li>
  )
}

/** What was promised to callers: call-backs, messages, lost calls; due ones first. */
export function Tasks() {
  const { say } = useWords()
  const navigate = useNavigate()
  const search: { open?: unknown; after?: unknown } = useSearch({ strict: false })
  const open = search.open === 'no' ? 'no' : 'yes'
  const after = typeof search.after === 'string' ? search.after : undefined
  const { data, error, refetch } = useQuery({
    queryKey: ['tasks', open, after],
    queryFn: () => request(listTasks, { query: { open, after } }),
  })
  const go = (next: { open: string; after?: string | undefined }): void =>
    void navigate({ to: '/tasks', search: next })
  return (
    <div className="stack tasks">
      <div className="spread">
        <h1>{say('tasks.title')}</h1>
        <div className="row" role="group">
          {(['yes', 'no'] as const).map((which) => (
            <button
              key={which}
              type="button"
              className="plain toggle"
              aria-pressed={open === which}
              onClick={() => go({ open: which })}
            >
              {say(which === 'yes' ? 'tasks.open' : 'tasks.done')}
            </button>
          ))}
        </div>
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(open === 'yes' ? 'tasks.empty' : 'tasks.emptyDone')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((task) => (
          <Row key={task.taskId} task={task} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={(key) => go({ open, after: key })} />}
    </div>
  )
}
