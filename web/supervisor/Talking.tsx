import type { Board } from '../../api/board.ts'
import { lengthOf } from '../ui/time.ts'
import { Since, useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { SuperviseButtons } from './SuperviseButtons.tsx'
import { Which } from './Waiting.tsx'

type Call = Board['talking'][number]
/** More calls than this are counted by stage, the gravest ones stay. */
const most = 24

function OverdueStep({ dueAt }: { dueAt: string }) {
  const { say, language } = useWords()
  const late = Math.max(0, useNow() - Date.parse(dueAt))
  return <span className="tag tag-soon">! {say('board.step', { length: lengthOf(late, language) })}</span>
}

/** A talk that is heard badly, or a seat of which nothing is heard (G24-3.2.2b). */
function Voice({ voice }: { voice: Call['voice'] }) {
  const { say } = useWords()
  if (voice?.silentSince) return <span className="tag tag-soon">! {say('board.silent')}</span>
  if (!voice || voice.colour === 'green') return null
  const figures = {
    opinion: voice.opinion?.toFixed(1) ?? '–',
    loss: Math.round((voice.lossShare ?? 0) * 100),
  }
  return (
    <span className={voice.colour === 'red' ? 'tag tag-soon' : 'tag'}>
      {voice.colour === 'red' && '! '}
      {say('board.voice', figures)}
    </span>
  )
}

function Others({ others }: { others: Call['others'] }) {
  const { say } = useWords()
  return others.map((other, place) => (
    <span key={place} className="tag">
      {[say(`board.how.${other.how}`), other.name, other.joined ? '' : say('board.joining')]
        .filter((part) => part !== '')
        .join(' ')}
    </span>
  ))
}

function Row({ call }: { call: Call }) {
  const { say } = useWords()
  return (
    <li className={call.risk === 'acute' ? 'in-danger' : ''}>
      <Which call={call} />
      <span className="quiet talk-about">
        <span>
          {[
            call.counsellor,
            call.callerPresent ? '' : say('board.callerGone'),
            call.onHold ? say('board.onHold') : '',
            call.stage ? say(`stage.${call.stage}`) : '',
            call.seat,
          ]
            .filter((part) => part !== '')
            .join(' · ')}
        </span>
        {call.overdueStep && <OverdueStep dueAt={call.overdueStep.dueAt} />}
        <Voice voice={call.voice} />
        <Others others={call.others} />
      </span>
      <span className="board-time">
        <Since at={call.since} />
      </span>
      <SuperviseButtons contactId={call.contactId} number={call.number} />
    </li>
  )
}

/** Who talks: seat, stage, minutes, risk, an overdue step, who else is on the line. The gravest first. */
export function Talking({ calls }: { calls: Board['talking'] }) {
  const { say } = useWords()
  return (
    <section className="card board-talking">
      <h2>
        {say('board.talking')} <span className="count number">{calls.length}</span>
      </h2>
      {calls.length === 0 && <p className="quiet">{say('board.talkingNone')}</p>}
      <ol className={`board-lines${calls.length > 10 ? ' board-columns' : ''}`}>
        {calls.slice(0, most).map((call) => (
          <Row key={call.contactId} call={call} />
        ))}
      </ol>
      {calls.length > most && <p className="quiet">{say('board.more', { n: calls.length - most })}</p>}
    </section>
  )
}
