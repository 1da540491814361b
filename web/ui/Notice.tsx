import type { ReactNode } from 'react'
import { sayProblem, useWords } from './words.ts'

/** How much attention a message wants; each has a shape beside its colour. */
export type Tone = 'plain' | 'good' | 'soon' | 'danger'

const shapes: Record<Tone, string> = { plain: 'i', good: '✓', soon: '!', danger: '▲' }

/** A message in the flow of the page, with what to do at its end. */
export function Notice({
  tone = 'plain',
  children,
  action,
}: {
  tone?: Tone
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'danger' || tone === 'soon' ? 'alert' : 'status'}>
      <span className="notice-shape" aria-hidden="true">
        {shapes[tone]}
      </span>
      <div className="notice-words">{children}</div>
      {action}
    </div>
  )
}

/** What went wrong, in words, or nothing. */
export function Failure({ of, action }: { of: unknown; action?: ReactNode }) {
  const { say } = useWords()
  if (!of) return null
  return (
    <Notice tone="soon" action={action}>
      {sayProblem(say, of)}
    </Notice>
  )
}

/** A part of a page that could not be read: what happened, what is safe, what to do. */
export function FailedPart({ of, retry }: { of: unknown; retry: () => void }) {
  const { say } = useWords()
  return (
    <div className="failed-part card" role="alert">
      <h2>{say('state.failed')}</h2>
      <p>{sayProblem(say, of)}</p>
      <p className="quiet">{say('state.safe')}</p>
      <button type="button" className="plain" onClick={retry}>
        {say('state.retry')}
      </button>
    </div>
  )
}

/** Keeps the layout while something is read. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  const { say } = useWords()
  return (
    <div className="skeleton" role="status" aria-label={say('state.loading')}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="bone" />
      ))}
    </div>
  )
}
