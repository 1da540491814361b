import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listTasks, planFollowUp } from '../../api/tasks.ts'
import type { Input } from '../../api/endpoint.ts'
import { InstantInput } from '../ui/form/Inputs.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { taskWords } from './TaskRow.tsx'

type Plan = Input<typeof planFollowUp>['body']

function Once({ plan }: { plan: (body: Plan) => void }) {
  const { say } = useWords()
  const [dueAt, setDueAt] = useState<string | null>(null)
  const [words, setWords] = useState('')
  return (
    <form
      className="stack task-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (dueAt) plan({ plan: 'once', dueAt, words })
      }}
    >
      <label>
        <span className="quiet">{say('tasks.later')}</span>
        <InstantInput label={say('tasks.later')} value={dueAt ?? ''} onChange={setDueAt} />
      </label>
      <label>
        <span className="quiet">{say('tasks.ask')}</span>
        <textarea
          className="box"
          rows={2}
          maxLength={1000}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <div className="row">
        <button type="submit" className="main-button" disabled={dueAt === null}>
          {say('tasks.save')}
        </button>
      </div>
    </form>
  )
}

/** Follow-ups of a contact: what is planned and done, and planning by level, by hand, or not at all (G24-1.1). */
export function FollowUps({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [once, setOnce] = useState(false)
  const read = (open: 'yes' | 'no') =>
    request(listTasks, { query: { contactId, kind: 'follow-up', open, order: 'oldest' } })
  const { data, error, refetch } = useQuery({
    queryKey: ['tasks', 'of', contactId],
    queryFn: async () => [...(await read('no')).rows, ...(await read('yes')).rows],
  })
  const plan = useMutation({
    mutationFn: (body: Plan) => request(planFollowUp, { params: { contactId }, body }),
    onSuccess: () => setOnce(false),
    onSettled: () => cache.invalidateQueries({ queryKey: ['tasks'] }),
  })
  if (error) return <FailedPart of={error} retry={() => void refetch()} />
  return (
    <section className="card stack">
      <h2>{say('follow.title')}</h2>
      {!data && <Skeleton lines={2} />}
      {data?.length === 0 && <p className="quiet">{say('follow.none')}</p>}
      <ul className="lines">
        {data?.map((task) => (
          <li key={task.taskId}>
            <span>
              {taskWords(task, say)}
              {task.result && ` · ${say(`tasks.result.${task.result}`)}`}
              {task.attempts > 0 && ` · ${say('tasks.attempts', { n: task.attempts })}`}
            </span>
            <span className="quiet">
              <When at={task.doneAt ?? task.dueAt} />
            </span>
          </li>
        ))}
      </ul>
      <div className="row">
        <button
          type="button"
          className="plain"
          title={say('follow.byLevelHint')}
          disabled={plan.isPending}
          onClick={() => plan.mutate({ plan: 'by-level' })}
        >
          {say('follow.byLevel')}
        </button>
        <button type="button" className="plain" aria-expanded={once} onClick={() => setOnce(!once)}>
          {say('follow.once')}
        </button>
        <button
          type="button"
          className="plain"
          disabled={plan.isPending}
          onClick={() => plan.mutate({ plan: 'declined' })}
        >
          {say('follow.declined')}
        </button>
      </div>
      {plan.isSuccess && data?.length === 0 && <p className="quiet">{say('follow.nothing')}</p>}
      {once && <Once plan={(body) => plan.mutate(body)} />}
      <Failure of={plan.error} />
    </section>
  )
}
