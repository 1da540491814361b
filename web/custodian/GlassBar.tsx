import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { listGlass } from '../../api/oversight.ts'
import { onLive } from '../ui/live.ts'
import { request } from '../ui/request.ts'
import { playAlarm, readVolume } from '../ui/sound.ts'
import { useWords } from '../ui/words.ts'

const openQuery = {
  queryKey: ['glass', 'bar'],
  queryFn: () => request(listGlass, { query: { open: 'yes', limit: 20 } }),
  // What was missed while the connection was away is seen soon, too.
  refetchInterval: 60_000,
}

/** On every page of those who review emergency accesses, until all are reviewed (G24-7.5c). */
export function GlassBar() {
  const { say } = useWords()
  const { data, refetch } = useQuery(openQuery)
  useEffect(
    () =>
      onLive((event) => {
        if (event.type !== 'glass-broken') return
        if (readVolume('alarm') > 0) playAlarm()
        void refetch()
      }),
    [refetch],
  )
  const last = data?.rows[0]
  if (!data || !last) return null
  const n = data.next === null ? String(data.rows.length) : `${data.rows.length}+`
  return (
    <section className="help-bar" role="alert">
      <div className="help-line">
        <span>
          <strong>{say('glass.bar', { n })}</strong>{' '}
          {say('glass.barLast', { person: last.person, number: last.number })}
        </span>
        <Link to="/custody/glass">{say('glass.toReview')}</Link>
      </div>
    </section>
  )
}
