import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { listTasks, taskKinds } from '../../api/tasks.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { isCut, taskFilters, type TaskFilters } from './task-filters.ts'
import { TaskRow } from './TaskRow.tsx'

type Set = (change: TaskFilters) => void

function Choice<C extends string>({
  label,
  all,
  codes,
  words,
  value,
  onChange,
}: {
  label: string
  /** What stands for no choice. */
  all: string
  codes: readonly C[]
  words: (code: C) => string
  value: C | undefined
  onChange: (code: C | undefined) => void
}) {
  return (
    <label className="filter">
      <span className="quiet">{label}</span>
      <select
        className="box"
        value={value ?? ''}
        onChange={(event) => onChange(codes.find((code) => code === event.target.value))}
      >
        <option value="">{all}</option>
        {codes.map((code) => (
          <option key={code} value={code}>
            {words(code)}
          </option>
        ))}
      </select>
    </label>
  )
}

function Filters({ filters, set }: { filters: TaskFilters; set: Set }) {
  const { say } = useWords()
  const done = filters.open === 'no'
  return (
    <div className="task-filters">
      <SearchBox label={say('tasks.search')} onSearch={(text) => set({ text: text || undefined })} />
      <Choice
        label={say('tasks.filterKind')}
        all={say('tasks.all')}
        codes={taskKinds}
        words={(kind) => say(`tasks.kind.${kind}`)}
        value={filters.kind}
        onChange={(kind) => set({ kind })}
      />
      <Choice
        label={say('tasks.whose')}
        all={say('tasks.all')}
        codes={['mine', 'nobody'] as const}
        words={(whose) => say(`tasks.whose.${whose}`)}
        value={filters.whose}
        onChange={(whose) => set({ whose })}
      />
      <Choice
        label={say('tasks.order')}
        all={say(done ? 'tasks.order.newest' : 'tasks.order.oldest')}
        codes={[done ? 'oldest' : 'newest'] as const}
        words={(order) => say(`tasks.order.${order}`)}
        value={filters.order}
        onChange={(order) => set({ order })}
      />
      {!done && (
        <button
          type="button"
          className="plain toggle"
          aria-pressed={filters.overdue === 'yes'}
          onClick={() => set({ overdue: filters.overdue ? undefined : 'yes' })}
        >
          {say('tasks.onlyOverdue')}
        </button>
      )}
    </div>
  )
}

const emptyWords = (filters: TaskFilters) => {
  if (isCut(filters)) return 'tasks.noneMatch'
  return filters.open === 'no' ? 'tasks.emptyDone' : 'tasks.empty'
}

/** What was promised or is owed to callers: call-backs, follow-ups, dropped calls, messages; due ones first. */
export function Tasks() {
  const { say } = useWords()
  const navigate = useNavigate()
  const filters = taskFilters.parse(useSearch({ strict: false }))
  const go = (next: TaskFilters): void => void navigate({ to: '/tasks', search: next })
  const set: Set = (change) => go({ ...filters, after: undefined, ...change })
  const { data, error, refetch } = useQuery({
    queryKey: ['tasks', 'list', filters],
    queryFn: () => request(listTasks, { query: { ...filters, limit: 30 } }),
    placeholderData: keepPreviousData,
  })
  return (
    <div className="stack tasks">
      <div className="spread">
        <h1>{say('tasks.title')}</h1>
        <div className="row" role="group">
          {([undefined, 'no'] as const).map((open) => (
            <button
              key={open ?? 'yes'}
              type="button"
              className="plain toggle"
              aria-pressed={filters.open === open}
              onClick={() => set({ open, order: undefined, overdue: undefined })}
            >
              {say(open === 'no' ? 'tasks.done' : 'tasks.open')}
            </button>
          ))}
        </div>
      </div>
      <Filters filters={filters} set={set} />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && <p className="empty card">{say(emptyWords(filters))}</p>}
      <ul className="cards">
        {data?.rows.map((task) => (
          <TaskRow key={task.taskId} task={task} />
        ))}
      </ul>
      {data && <Pager after={filters.after} next={data.next} go={(after) => go({ ...filters, after })} />}
    </div>
  )
}
