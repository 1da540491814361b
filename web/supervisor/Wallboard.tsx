import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react'
import { readBoard, type Board } from '../../api/board.ts'
import { CoverageStrip } from '../ui/CoverageStrip.tsx'
import { liveStore, onLive } from '../ui/live.ts'
import { FailedPart, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay, useZone } from '../ui/session.ts'
import { keepVolume, maySound, playAlarm, readVolume } from '../ui/sound.ts'
import { timeOfDay } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { HighRisk } from './HighRisk.tsx'
import { Lights } from './Lights.tsx'
import { Notices } from './Notices.tsx'
import { Seats } from './Seats.tsx'
import { Talking } from './Talking.tsx'
import { Today } from './Today.tsx'
import { Urgent } from './Urgent.tsx'
import { Waiting } from './Waiting.tsx'

/** Sounds the alarm once for every new danger flag, whether told by event or seen on the board after a reconnect. */
function useAlarm(board: Board | undefined): void {
  const known = useRef<Set<string> | null>(null)
  useEffect(() => {
    if (!board) return
    const now = [...board.waiting, ...board.talking]
      .filter((call) => call.dangerKey || call.risk === 'acute')
      .map((call) => call.contactId)
    const before = known.current
    known.current = new Set(now)
    if (before && now.some((id) => !before.has(id)) && readVolume('alarm') > 0) playAlarm()
  }, [board])
  useEffect(
    () =>
      onLive((event) => {
        if (event.type !== 'danger') return
        if (!known.current?.has(event.contactId) && readVolume('alarm') > 0) playAlarm()
        known.current?.add(event.contactId)
      }),
    [],
  )
}

/** Full screen on a wall: larger type, no menu. */
function useFullScreen(): { on: boolean; toggle: () => void; part: RefObject<HTMLDivElement | null> } {
  const part = useRef<HTMLDivElement>(null)
  const [on, setOn] = useState(false)
  useEffect(() => {
    const changed = (): void => setOn(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', changed)
    return () => document.removeEventListener('fullscreenchange', changed)
  }, [])
  useEffect(() => {
    document.documentElement.toggleAttribute('data-wall', on)
    return () => document.documentElement.removeAttribute('data-wall')
  }, [on])
  const toggle = (): void =>
    void (on ? document.exitFullscreen() : part.current?.requestFullscreen())?.catch(() => undefined)
  return { on, toggle, part }
}

function AlarmVolume() {
  const { say } = useWords()
  const [volume, setVolume] = useState(() => readVolume('alarm'))
  const [blocked, setBlocked] = useState(() => !maySound())
  useEffect(() => {
    const timer = setInterval(() => setBlocked(!maySound()), 2000)
    return () => clearInterval(timer)
  }, [])
  return (
    <label className="row board-alarm">
      <span className={volume === 0 || blocked ? 'soon' : 'quiet'}>
        {volume === 0 && say('board.alarmSilent')}
        {volume > 0 && say(blocked ? 'board.alarmBlocked' : 'board.alarm')}
      </span>
      <input
        type="range"
        min={0}
        max={100}
        step={10}
        value={volume}
        onChange={(event) => {
          setVolume(Number(event.target.value))
          keepVolume('alarm', Number(event.target.value))
        }}
      />
    </label>
  )
}

/** The wallboard: what is urgent, lights, waiting, danger, talking, seats, today and staffed minutes. Nothing here identifies a caller. */
export function Wallboard() {
  const { say } = useWords()
  const zone = useZone()
  const maySeeCoverage = useMay('coverage.see')
  const live = useSyncExternalStore(liveStore.subscribe, liveStore.read)
  const { on, toggle, part } = useFullScreen()
  const {
    data: board,
    error,
    refetch,
  } = useQuery({
    queryKey: ['board'],
    queryFn: () => request(readBoard, {}),
    staleTime: Number.POSITIVE_INFINITY,
  })
  useAlarm(board)
  if (!board) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={10} />
  return (
    <div className="board" ref={part}>
      <div className="spread board-head">
        <h1>{say('board.title')}</h1>
        <span className="row">
          <span className="quiet number">
            {say('board.updated', { time: timeOfDay(Date.parse(board.at), zone) })}
          </span>
          <AlarmVolume />
          <button type="button" className="plain" onClick={toggle}>
            {say(on ? 'board.leaveFullScreen' : 'board.fullScreen')}
          </button>
        </span>
      </div>
      {live === 'lost' && <Notice tone="soon">{say('board.stale')}</Notice>}
      <Urgent board={board} wall={on} />
      <Notices notices={board.notices} />
      <Lights board={board} />
      <div className="board-grid">
        <div className="board-first">
          <Waiting calls={board.waiting} />
          <HighRisk contacts={board.highRisk} />
        </div>
        <Talking calls={board.talking} />
        <Seats seats={board.seats} lines={board.lines} />
        <Today board={board} />
        {maySeeCoverage && (
          <div className="card board-coverage">
            <CoverageStrip />
          </div>
        )}
      </div>
    </div>
  )
}
