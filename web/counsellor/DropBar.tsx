import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { listTasks } from '../../api/tasks.ts'
import { onLive } from '../ui/live.ts'
import { request } from '../ui/request.ts'
import { playAlarm, readVolume } from '../ui/sound.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { TaskActions } from './TaskActions.tsx'

const everyMs = 8000

/**
 * On every page while a high-risk call that broke off is mine or nobody's: it stays, with the alarm as long as nobody has
 * it, until somebody takes it and it is done (G24-4.3.5).
 */
export function DropBar() {
  const { say, language } = useWords()
  const now = useNow()
  const { data, refetch } = useQuery({
    queryKey: ['tasks', 'dropped'],
    queryFn: () => request(listTasks, { query: { kind: 'dropped-high-risk', limit: 20 } }),
    // The live connection tells; this is for the case that it was lost without being noticed.
    refetchInterval: 20_000,
  })
  useEffect(() => onLive((event) => void (event.type === 'dropped' && refetch())), [refetch])
  const mine = (data?.rows ?? []).filter((task) => task.ownerIsMe || task.owner === null)
  const forsaken = mine.some((task) => task.owner === null)
  const newest = mine[0]?.taskId
  useEffect(() => {
    if (newest === undefined) return undefined
    const sound = (): void => {
      if (readVolume('alarm') > 0) playAlarm()
    }
    sound()
    if (!forsaken) return undefined
    const timer = setInterval(sound, everyMs)
    return () => clearInterval(timer)
  }, [newest, forsaken])
  const [first] = mine
  if (!first) return null
  const left = Date.parse(first.dueAt) - now
  return (
    <section className="drop-bar" aria-label={say('drop.title')}>
      <span role="alert">
        <strong>▲ {say('drop.bar', { number: first.contactNumber, line: first.lineName })}</strong>
      </span>
      <span>
        {left >= 0
          ? say('drop.left', { length: lengthOf(left, language) })
          : say('drop.late', { length: lengthOf(-left, language) })}
        {first.callerNumber && <span className="number strong"> · {first.callerNumber}</span>}
        {!first.callable && ` · ${say('board.droppedWithheld')}`}
        {mine.length > 1 && ` · ${say('drop.more', { n: mine.length - 1 })}`}
      </span>
      <TaskActions task={first} />
      <Link to="/tasks" search={{ kind: 'dropped-high-risk' }}>
        {say('drop.open')}
      </Link>
    </section>
  )
}
