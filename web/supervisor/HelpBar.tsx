import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { answerHelp, listHelp, type HelpRow } from '../../api/supervise.ts'
import { useDesk } from '../ui/own-desk.ts'
import { useKeys } from '../ui/keys.ts'
import { onLive } from '../ui/live.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { playAlarm, readVolume } from '../ui/sound.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { useSupervise } from '../ui/supervising.ts'

const helpQuery = {
  queryKey: ['help'],
  queryFn: () => request(listHelp, {}),
  // What was missed while the connection was away is seen soon, too.
  refetchInterval: 20_000,
}

/** One call for help: who, where, for how long, at what risk; answered by joining in one press. */
function HelpLine({ help, first, reread }: { help: HelpRow; first: boolean; reread: () => void }) {
  const { say, language } = useWords()
  const now = useNow()
  const desk = useDesk()
  const supervise = useSupervise(help.contactId)
  const answering = useMutation({
    mutationFn: () => request(answerHelp, { params: { helpId: help.helpId } }),
    onSettled: reread,
  })
  const join = (mode: 'listen' | 'whisper' | 'barge'): void =>
    supervise.mutate({ mode, reason: 'help-asked' }, { onSettled: reread })
  useKeys(
    first
      ? [{ key: 'Alt+G', words: 'keys.helpAnswer', group: 'keys.groupScreen', run: () => join('listen') }]
      : [],
  )
  const { counsellor, line, number } = help
  return (
    <div className="help-line">
      <span>
        <strong>{say('help.bar')}</strong> {say('help.from', { counsellor, line, number })}
        {help.talkingSince &&
          ` · ${say('help.talkingFor', { length: lengthOf(now - Date.parse(help.talkingSince), language) })}`}
        {help.stage && ` · ${say(`stage.${help.stage}`)}`}
        {help.risk && help.risk !== 'danger-key' && ` · ${say(`form.risk.${help.risk}`)}`}
      </span>
      <span className="row">
        {desk?.duty ? (
          <>
            <button type="button" className="main-button" onClick={() => join('listen')}>
              {say('supervise.listen')} {first && <kbd>Alt+G</kbd>}
            </button>
            <button type="button" className="plain" onClick={() => join('whisper')}>
              {say('supervise.whisper')}
            </button>
            <button type="button" className="plain" onClick={() => join('barge')}>
              {say('supervise.barge')}
            </button>
          </>
        ) : (
          <Link to="/desk">{say('supervise.needsSeat')}</Link>
        )}
        <button
          type="button"
          className="plain"
          disabled={answering.isPending}
          onClick={() => answering.mutate()}
        >
          {say('help.answer')}
        </button>
      </span>
      <Failure of={supervise.error ?? answering.error} />
    </div>
  )
}

/** On every page of a supervisor who is rung for help (G24-5.3.5). */
export function HelpBar() {
  const { data, refetch } = useQuery(helpQuery)
  useEffect(
    () =>
      onLive((event) => {
        if (event.type === 'help' && readVolume('alarm') > 0) playAlarm()
        if (event.type === 'help' || event.type === 'help-over') void refetch()
      }),
    [refetch],
  )
  if (!data || data.length === 0) return null
  return (
    <section className="help-bar" role="alert">
      {data.map((help, place) => (
        <HelpLine key={help.helpId} help={help} first={place === 0} reread={() => void refetch()} />
      ))}
    </section>
  )
}
