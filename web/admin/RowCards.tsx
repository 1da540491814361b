import type { ReactNode } from 'react'

/** A column of a list of administration; one without a title holds what can be done with a row. */
export interface ListColumn<R> {
  title: string
  className?: string
  dataIndex?: keyof R & string
  render?: (value: unknown, row: R, index: number) => ReactNode
}

function shown<R>({ dataIndex, render }: ListColumn<R>, row: R, index: number): ReactNode {
  const value: unknown = dataIndex === undefined ? undefined : row[dataIndex]
  if (render) return render(value, row, index)
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

/** The rows of a list on a narrow screen: the first column on top, then each with its title, and last what can be done. */
export function RowCards<R>({
  rows,
  columns,
  rowKey,
}: {
  rows: readonly R[]
  columns: readonly ListColumn<R>[]
  rowKey: (row: R) => string
}) {
  const [first, ...others] = columns
  const named = others.filter((column) => column.title !== '')
  const deeds = others.filter((column) => column.title === '')
  return (
    <ul className="cards">
      {rows.map((row, index) => (
        <li key={rowKey(row)} className="card stack row-card">
          {first && <div className="strong">{shown(first, row, index)}</div>}
          <dl className="row-facts">
            {named.map((column) => (
              <div key={column.title}>
                <dt>{column.title}</dt>
                <dd className={column.className}>{shown(column, row, index)}</dd>
              </div>
            ))}
          </dl>
          {deeds.map((column) => shown(column, row, index))}
        </li>
      ))}
    </ul>
  )
}
