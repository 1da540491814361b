import type { Board } from '../../api/board.ts'
import { Since } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

/** A call's number, line and danger in one line of the board. */
export function Which({
  call,
}: {
  call: { number: number; line: string; dangerKey: boolean; risk: string | null }
}) {
  const { say } = useWords()
  const danger = call.risk === 'acute' || call.risk === 'danger-key' || (call.dangerKey && call.risk === null)
  return (
    <span className="which">
      {danger && <span className="tag tag-danger">▲ {say('board.danger')}</span>}
      {call.risk === 'high' && <span className="tag tag-soon">! {say('form.risk.high')}</span>}
      <span className="number strong">{say('call.number', { number: call.number })}</span>
      <span className="quiet">{call.line}</span>
    </span>
  )
}

/** More than these are counted; those who must be answered first are shown. */
const most = 12

/** Who waits: danger on top, then risk, then the longest wait, as the server ranks them. */
export function Waiting({ calls }: { calls: Board['waiting'] }) {
  const { say } = useWords()
  return (
    <section className="card board-waiting">
      <h2>
        {say('board.waiting')} <span className="count number">{calls.length}</span>
      </h2>
      {calls.length === 0 && <p className="quiet">{say('board.waitingNone')}</p>}
      <ol className="board-lines">
        {calls.slice(0, most).map((call) => (
          <li key={call.contactId} className={call.dangerKey || call.risk === 'acute' ? 'in-danger' : ''}>
            <Which call={call} />
            <span className="quiet">
              {call.state === 'waiting' && say('board.position', { n: call.position })}
              {call.state === 'greeting' && say('board.greeting')}
              {call.state === 'offered' && say('board.offered')}
              {call.ringsAgain && ` · ${say('board.ringsAgain')}`}
            </span>
            <span className="board-time">
              <Since at={call.since} />
            </span>
          </li>
        ))}
      </ol>
      {calls.length > most && <p className="quiet">{say('board.more', { n: calls.length - most })}</p>}
    </section>
  )
}
