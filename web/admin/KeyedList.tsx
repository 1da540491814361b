import { useQuery } from '@tanstack/react-query'
import Input from 'antd/es/input'
import Segmented from 'antd/es/segmented'
import Table from 'antd/es/table'
import { useDeferredValue, useState, type ReactNode } from 'react'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { useNarrow } from '../ui/use-narrow.ts'
import { useWords } from '../ui/words.ts'
import { type ListColumn, RowCards } from './RowCards.tsx'

/** What a list asks its page with. */
export interface ListWish {
  text?: string
  sort: 'name' | 'newest'
  after?: string
}

/** A page of rows read by key. */
export interface KeyedPage<R> {
  rows: R[]
  next: string | null
}

interface Props<R> {
  /** First part of the query key; live `changed` events invalidate it. */
  name: string
  read: (wish: ListWish) => Promise<KeyedPage<R>>
  rowKey: (row: R) => string
  columns: ListColumn<R>[]
  /** Said when there is nothing at all. */
  empty: ReactNode
  /** What `read` narrows the list by besides the search, as text: another one is another list. */
  narrowed?: string
  /** The main actions, at the end of the tool row. */
  actions?: ReactNode
}

function Rows<R extends object>({
  rows,
  rowKey,
  columns,
  empty,
}: Pick<Props<R>, 'rowKey' | 'columns' | 'empty'> & { rows: R[] }) {
  const narrow = useNarrow()
  if (rows.length === 0) return <p className="empty card">{empty}</p>
  if (narrow) return <RowCards rows={rows} rowKey={rowKey} columns={columns} />
  return (
    <Table<R>
      dataSource={rows}
      rowKey={rowKey}
      columns={columns}
      pagination={false}
      scroll={{ x: 'max-content' }}
    />
  )
}

/** A list of administration: search, sort, paging by key, and what to do when it is empty or could not be read. */
export function KeyedList<R extends object>({
  name,
  read,
  rowKey,
  columns,
  empty,
  narrowed = '',
  actions,
}: Props<R>) {
  const { say } = useWords()
  const [text, setText] = useState('')
  const [sort, setSort] = useState<ListWish['sort']>('name')
  const [reached, setReached] = useState<{ after: string; narrowed: string } | null>(null)
  // A page of another list is not a page of this one.
  const after = reached?.narrowed === narrowed ? reached.after : null
  const setAfter = (key: string | null): void => setReached(key === null ? null : { after: key, narrowed })
  const wanted = useDeferredValue(text.trim())
  const query = useQuery({
    queryKey: [name, wanted, sort, after, narrowed],
    queryFn: () => read({ sort, ...(wanted ? { text: wanted } : {}), ...(after ? { after } : {}) }),
    placeholderData: (before) => before,
  })
  const { data } = query
  return (
    <div className="stack">
      <div className="spread">
        <div className="row admin-tools">
          <Input.Search
            allowClear
            aria-label={say('admin.search')}
            placeholder={say('admin.search')}
            value={text}
            maxLength={60}
            onChange={(event) => {
              setText(event.target.value)
              setAfter(null)
            }}
          />
          <Segmented<ListWish['sort']>
            aria-label={say('admin.sort')}
            value={sort}
            options={[
              { value: 'name', label: say('admin.sortName') },
              { value: 'newest', label: say('admin.sortNewest') },
            ]}
            onChange={(value) => {
              setSort(value)
              setAfter(null)
            }}
          />
        </div>
        <div className="row">{actions}</div>
      </div>
      {query.isPending && <Skeleton lines={6} />}
      {query.isError && <FailedPart of={query.error} retry={() => void query.refetch()} />}
      {data && (
        <Rows
          rows={data.rows}
          rowKey={rowKey}
          columns={columns}
          empty={wanted ? say('admin.noneFound', { text: wanted }) : empty}
        />
      )}
      {data && (after !== null || data.next !== null) && (
        <div className="row">
          {after !== null && (
            <button type="button" className="plain" onClick={() => setAfter(null)}>
              {say('admin.first')}
            </button>
          )}
          {data.next !== null && (
            <button type="button" className="plain" onClick={() => setAfter(data.next)}>
              {say('admin.more')}
            </button>
          )}
        </div>
      )}
    </div>
  )
}
