import type { Board } from '../../api/board.ts'
import { clockFace, lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

type Seat = Board['seats'][number]
const order = ['free', 'offered', 'busy', 'wrap-up', 'paused', 'off'] as const
const shapes: Record<Seat['state'], string> = {
  free: '○',
  offered: '◔',
  busy: '●',
  'wrap-up': '✎',
  paused: '‖',
  off: '–',
}
/** More seats than this are shown by state, so that the board stays on one screen. */
const most = 30

/** A growing length as a clock face: a tile is too narrow for words. */
function Clock({ at }: { at: string }) {
  const { language } = useWords()
  const length = useNow() - Date.parse(at)
  return (
    <time dateTime={at} title={lengthOf(length, language)} className="number">
      {clockFace(length)}
    </time>
  )
}

function Tile({ seat }: { seat: Seat }) {
  const { say } = useWords()
  const lost = seat.state !== 'off' && !seat.connected
  return (
    <li className={`seat seat-${seat.state}`}>
      <span className="seat-shape" aria-hidden="true">
        {shapes[seat.state]}
      </span>
      <span className="seat-who">{seat.counsellor ?? seat.name}</span>
      <span className="seat-state">
        {lost && <span className="soon">! {say('board.seatLost')} · </span>}
        {say(`board.seat.${seat.state}`)}
        {seat.reason && ` · ${say(`duty.reason.${seat.reason}`)}`}
      </span>
      <span className="seat-since quiet">
        {seat.since && seat.state !== 'off' && <Clock at={seat.since} />}
      </span>
    </li>
  )
}

/** Seats: free, busy, wrap-up, away and why. */
export function Seats({ seats, lines }: { seats: Board['seats']; lines: Board['lines'] }) {
  const { say } = useWords()
  const groups = order
    .map((state) => ({ state, of: seats.filter((seat) => seat.state === state) }))
    .filter(({ of }) => of.length > 0)
  const staffed = groups.flatMap(({ state, of }) => (state === 'off' ? [] : of))
  return (
    <section className="card board-seats">
      <h2>
        {say('board.seats')} <span className="count number">{staffed.length}</span>
        <span className="quiet seat-sums number">
          {groups.map(({ state, of }) => `${say(`board.seat.${state}`)} ${of.length}`).join(' · ')}
        </span>
      </h2>
      <div className="board-least">
        {lines.map((line) => (
          <p key={line.name} className={line.staffed < line.least ? 'soon' : 'quiet'}>
            {line.staffed < line.least && '! '}
            {say('board.lineSeats', { line: line.name, n: line.staffed, least: line.least })}
          </p>
        ))}
      </div>
      {seats.length === 0 && <p className="quiet">{say('board.seatsNone')}</p>}
      {seats.length > 0 && staffed.length === 0 && <p className="quiet">{say('board.seatsAllOff')}</p>}
      {staffed.length <= most && (
        <ul className="seats">
          {staffed.map((seat) => (
            <Tile key={seat.seatId} seat={seat} />
          ))}
        </ul>
      )}
      {staffed.length > most && (
        <ul className="seats seat-groups">
          {groups.map(({ state, of }) => (
            <li key={state} className={`seat seat-${state}`}>
              <span className="seat-shape" aria-hidden="true">
                {shapes[state]}
              </span>
              <span className="seat-who number">{of.length}</span>
              <span className="seat-state">{say(`board.seat.${state}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
