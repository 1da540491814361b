import './caller.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { endAlert, readCaller, type CallerAlert } from '../../api/callers.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { AlertForm } from './AlertForm.tsx'
import { AlertWords } from './CallerAlerts.tsx'
import { Risk } from './Contacts.tsx'
import { EarlierList } from './EarlierList.tsx'
import { Fact } from './Offer.tsx'

const inForce = (alert: CallerAlert): boolean => alert.standing === 'active' || alert.standing === 'review'

function OneAlert({ alert, change }: { alert: CallerAlert; change: () => void }) {
  const { say } = useWords()
  const mayAlert = useMay('caller.alert')
  const cache = useQueryClient()
  const ending = useMutation({
    mutationFn: () => request(endAlert, { params: { alertId: alert.alertId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['callers'] }),
  })
  return (
    <li className="alert-item">
      <span className={`tag ${alert.standing === 'review' ? 'tag-soon' : ''}`}>
        {alert.standing === 'review' && '! '}
        {say(`alert.standing.${alert.standing}`)}
      </span>
      <AlertWords alert={alert} />
      <div className="quiet">
        {alert.createdBy} <When at={alert.createdAt} />
        {alert.reviewedAt && (
          <>
            {' '}
            · {say('alert.review')} {alert.reviewedBy} <When at={alert.reviewedAt} />
          </>
        )}
        {alert.endedAt && (
          <>
            {' '}
            · {say('alert.end')} {alert.endedBy} <When at={alert.endedAt} />
          </>
        )}
        {inForce(alert) && (
          <>
            {' '}
            · {say('alert.reviewAt')} <When at={alert.reviewAt} />
          </>
        )}
      </div>
      <Failure of={ending.error} />
      {mayAlert && inForce(alert) && (
        <div className="row">
          <button type="button" className="plain" onClick={change}>
            {say('alert.review')}
          </button>
          <button type="button" className="plain" disabled={ending.isPending} onClick={() => ending.mutate()}>
            {say('alert.end')}
          </button>
        </div>
      )}
    </li>
  )
}

function Alerts({ profileId, alerts }: { profileId: string; alerts: CallerAlert[] }) {
  const { say } = useWords()
  const mayAlert = useMay('caller.alert')
  const [open, setOpen] = useState<CallerAlert | 'new' | null>(null)
  return (
    <section className="card stack">
      <div className="spread">
        <h2>{say('alert.title')}</h2>
        {mayAlert && open === null && (
          <button type="button" className="plain" onClick={() => setOpen('new')}>
            {say('alert.add')}
          </button>
        )}
      </div>
      {open !== null && (
        <AlertForm
          key={open === 'new' ? 'new' : open.alertId}
          profileId={profileId}
          alert={open === 'new' ? null : open}
          onDone={() => setOpen(null)}
        />
      )}
      {alerts.length === 0 && (
        <p className="quiet">
          {say('alert.none')} {mayAlert && say('alert.noneHow')}
        </p>
      )}
      <ul className="alert-list">
        {alerts.map((alert) => (
          <OneAlert key={alert.alertId} alert={alert} change={() => setOpen(alert)} />
        ))}
      </ul>
    </section>
  )
}

/** One caller over time: how often and when, alerts, earlier contacts; known by the pseudonym alone. */
export function Caller() {
  const { say } = useWords()
  const { id = '' } = useParams({ strict: false })
  const mayList = useMay('caller.alert')
  const { data, error, refetch } = useQuery({
    queryKey: ['callers', 'profile', id],
    queryFn: () => request(readCaller, { params: { profileId: id } }),
  })
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={8} />
  return (
    <div className="stack">
      <div className="spread">
        <h1>{say('caller.page', { name: data.pseudonym })}</h1>
        {mayList && <Link to="/callers">{say('callers.title')}</Link>}
      </div>
      <div className="card">
        <dl className="facts facts-small facts-wide">
          <Fact label={say('callers.contacts')}>
            <span className="number">{data.contacts}</span>
          </Fact>
          <Fact label={say('callers.lastAt')}>
            <When at={data.lastAt} />
          </Fact>
          <Fact label={say('caller.highest')}>
            <Risk of={data.highest} />
          </Fact>
        </dl>
      </div>
      {data.frequent && <Notice tone="soon">{say('caller.frequent', data.frequent)}</Notice>}
      <Alerts profileId={data.profileId} alerts={data.alerts} />
      <section className="card stack">
        <h2>{say('caller.earlier')}</h2>
        <EarlierList contacts={data.earlier} />
      </section>
    </div>
  )
}
