import { useRef } from 'react'
import { useWords } from './words.ts'

/** Paging by key: `after` is the present page's key, `next` the following one's; the way back is remembered here. */
export function Pager({
  after,
  next,
  go,
}: {
  after: string | undefined
  next: string | null
  go: (after: string | undefined) => void
}) {
  const { say } = useWords()
  const trail = useRef<(string | undefined)[]>([])
  if (after === undefined && next === null) return null
  return (
    <div className="row pager">
      <button
        type="button"
        className="plain"
        disabled={after === undefined}
        onClick={() => go(trail.current.pop())}
      >
        {say('do.previous')}
      </button>
      <button
        type="button"
        className="plain"
        disabled={next === null}
        onClick={() => {
          trail.current.push(after)
          go(next ?? undefined)
        }}
      >
        {say('do.next')}
      </button>
    </div>
  )
}
