import { useEffect, useState } from 'react'
import { hotlineNow } from './clock.ts'
import { useZone } from './session.ts'
import { agoOf, dayAndTime, lengthOf, timeOfDay, zoneName } from './time.ts'
import { useWords } from './words.ts'

/** Now by the server's clock, again every `every` ms. */
export function useNow(every = 1000): number {
  const [now, setNow] = useState(hotlineNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(hotlineNow()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}

/** A past instant: absolute with date; hover gives how long ago and the zone. */
export function When({ at }: { at: string | null }) {
  const { say, language } = useWords()
  const zone = useZone()
  if (at === null) return <span className="quiet">{say('time.none')}</span>
  const ms = Date.parse(at)
  const hint = `${timeOfDay(ms, zone)} ${zoneName(ms, zone, language)} · ${agoOf(ms, hotlineNow(), language)}`
  return (
    <time dateTime={at} title={hint} className="number">
      {dayAndTime(ms, zone)}
    </time>
  )
}

/** A length that is still growing since `at`: "2 分 10 秒"; hover gives the instant with its zone. */
export function Since({ at }: { at: string }) {
  const { language } = useWords()
  const zone = useZone()
  const now = useNow()
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={`${dayAndTime(ms, zone)} ${zoneName(ms, zone, language)}`} className="number">
      {lengthOf(now - ms, language)}
    </time>
  )
}

/** A length of time (ms) in words. */
export function Length({ ms }: { ms: number | null }) {
  const { say, language } = useWords()
  return <span className="number">{ms === null ? say('time.none') : lengthOf(ms, language)}</span>
}
