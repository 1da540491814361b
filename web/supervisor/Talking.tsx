import type { Board } from '../../api/board.ts'
import { Since } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { Which } from './Waiting.tsx'

/** Who talks: seat, stage, minutes, risk. */
export function Talking({ calls }: { calls: Board['talking'] }) {
  const { say } = useWords()
  return (
    <section className="card board-talking">
      <h2>
        {say('board.talking')} <span className="count number">{calls.length}</span>
      </h2>
      {calls.length === 0 && <p className="quiet">{say('board.talkingNone')}</p>}
      <ol className="board-lines">
        {calls.map((call) => (
          <li key={call.contactId} className={call.risk === 'acute' ? 'in-danger' : ''}>
            <Which call={call} />
            <span className="quiet">
              {call.counsellor} · {call.seat}
              {call.stage && ` · ${say(`stage.${call.stage}`)}`}
              {call.onHold && ` · ${say('board.onHold')}`}
              {!call.callerPresent && ` · ${say('board.callerGone')}`}
            </span>
            <span className="board-time">
              <Since at={call.since} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
