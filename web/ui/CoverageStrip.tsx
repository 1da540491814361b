import { useQuery } from '@tanstack/react-query'
import { readCoverage } from '../../api/board.ts'
import type { Reply } from '../../api/endpoint.ts'
import { hotlineNow } from './clock.ts'
import { FailedPart, Skeleton } from './Notice.tsx'
import { request } from './request.ts'
import { useZone } from './session.ts'
import { dayOf, zoneName } from './time.ts'
import { useWords } from './words.ts'

type CoverageLine = Reply<typeof readCoverage>['lines'][number]

/** Minutes with the same number of seats, side by side; null is the future. */
export interface Run {
  from: number
  to: number
  seats: number | null
}

/** Joins equal neighbouring minutes. */
export function runsOf(minutes: readonly (number | null)[]): Run[] {
  const runs: Run[] = []
  for (const [minute, seats] of minutes.entries()) {
    const last = runs.at(-1)
    if (last && last.seats === seats) last.to = minute + 1
    else runs.push({ from: minute, to: minute + 1, seats })
  }
  return runs
}

/** A minute of the day as a clock shows it: 90 is "01:30". */
export const minuteName = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

function Strip({ line }: { line: CoverageLine }) {
  const { say } = useWords()
  const runs = runsOf(line.minutes).filter((run) => run.seats !== null)
  return (
    <div className="coverage-line">
      <div className="spread">
        <span className="strong">{line.name}</span>
        <span className={line.minutesBelow > 0 ? 'below number' : 'quiet number'}>
          {line.minutesBelow > 0
            ? `▲ ${say('coverage.below', { least: line.least, minutes: line.minutesBelow })}`
            : say('coverage.enough', { least: line.least })}
        </span>
      </div>
      <svg
        viewBox="0 0 1440 20"
        preserveAspectRatio="none"
        className="coverage"
        role="img"
        aria-label={line.name}
      >
        {runs.map((run) => {
          const seats = run.seats ?? 0
          const under = seats < line.least
          return (
            <rect
              key={run.from}
              x={run.from}
              width={run.to - run.from}
              y={0}
              height={20}
              className={under ? 'under' : 'enough'}
              opacity={under ? 1 : Math.min(1, 0.35 + seats * 0.13)}
            >
              <title>
                {say('coverage.minute', { from: minuteName(run.from), to: minuteName(run.to), seats })}
              </title>
            </rect>
          )
        })}
      </svg>
    </div>
  )
}

/** Seats of each line, minute by minute today; red below what the line needs (G24-3.2.1b). */
export function CoverageStrip() {
  const { say, language } = useWords()
  const zone = useZone()
  const day = dayOf(hotlineNow(), zone)
  const { data, error, refetch } = useQuery({
    queryKey: ['coverage', day],
    queryFn: () => request(readCoverage, { query: { day } }),
    refetchInterval: 60_000,
  })
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={2} />
  return (
    <section className="coverage-part" aria-label={say('coverage.title')}>
      <div className="spread">
        <h2>{say('coverage.title')}</h2>
        <span className="quiet">
          {say('coverage.zone', { day: data.day, zone: zoneName(hotlineNow(), data.timeZone, language) })}
        </span>
      </div>
      {data.lines.length === 0 && <p className="quiet">{say('coverage.empty')}</p>}
      {data.lines.map((line) => (
        <Strip key={line.lineId} line={line} />
      ))}
      {data.lines.length > 0 && (
        <div className="coverage-hours quiet number" aria-hidden="true">
          {[0, 3, 6, 9, 12, 15, 18, 21, 24].map((hour) => (
            <span key={hour}>{hour}</span>
          ))}
        </div>
      )}
    </section>
  )
}
