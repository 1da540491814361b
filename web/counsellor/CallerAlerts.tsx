import './caller.css'
import type { CallerAlert } from '../../api/callers.ts'
import { Notice } from '../ui/Notice.tsx'
import { useZone } from '../ui/session.ts'
import { dayOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { useCaller } from './caller.ts'

/** One alert in words: what to do, why, with whom and when, and until when it holds. */
export function AlertWords({ alert }: { alert: CallerAlert }) {
  const { say } = useWords()
  const zone = useZone()
  return (
    <div className="stack alert-words">
      <span>
        <strong>{say(`alert.kind.${alert.kind}`)}</strong>{' '}
        {alert.possible && <span className="tag">{say('alert.possible', { name: alert.pseudonym })}</span>}
      </span>
      <span className="alert-say">{alert.words}</span>
      {(alert.preferred || alert.times) && (
        <span>
          {alert.preferred && say('alert.fact', { what: say('alert.preferred'), is: alert.preferred })}
          {alert.preferred && alert.times && ' · '}
          {alert.times && say('alert.fact', { what: say('alert.times'), is: alert.times })}
        </span>
      )}
      <span className="quiet">
        {say('alert.fact', { what: say('alert.reason'), is: alert.reason })} ·{' '}
        {say('alert.until', { day: dayOf(Date.parse(alert.expiresAt), zone) })}
        {alert.standing === 'review' && ` · ${say('alert.standing.review')}`}
      </span>
    </div>
  )
}

/** What is to be known of the caller before and during the talk; nothing when there is nothing. */
export function CallerAlerts({ contactId, offered = false }: { contactId: string; offered?: boolean }) {
  const caller = useCaller(contactId, offered)
  return (caller?.alerts ?? []).map((alert) => (
    <Notice key={alert.alertId} tone={alert.kind === 'note' ? 'plain' : 'soon'}>
      <AlertWords alert={alert} />
    </Notice>
  ))
}
