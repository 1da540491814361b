import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addAlert, listCounsellors, reviewAlert, type CallerAlert } from '../../api/callers.ts'
import { alertKinds, alertLongest, type AlertKind } from '../../domain/caller.ts'
import { hotlineNow } from '../ui/clock.ts'
import { Failure } from '../ui/Notice.tsx'
import { Refusal, request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { dayOf, instantOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'

interface Fields {
  kind: AlertKind
  words: string
  reason: string
  preferredPerson: string
  times: string
  reviewOn: string
  endsOn: string
}

const dayMs = 86_400_000

const fieldsOf = (alert: CallerAlert | null, now: number, zone: string): Fields => ({
  kind: alert?.kind ?? 'agreed-plan',
  words: alert?.words ?? '',
  reason: alert?.reason ?? '',
  preferredPerson: alert?.preferredPerson ?? '',
  times: alert?.times ?? '',
  // A review sets the next one a month ahead; the end stays as it was unless it comes before.
  reviewOn: dayOf(now + 30 * dayMs, zone),
  endsOn: dayOf(Math.max(Date.parse(alert?.expiresAt ?? '') || 0, now + 90 * dayMs), zone),
})

function Text({
  label,
  value,
  rows,
  most,
  set,
}: {
  label: string
  value: string
  rows: number
  most: number
  set: (value: string) => void
}) {
  return (
    <label>
      <span className="quiet">{label}</span>
      <textarea
        className="box"
        required
        rows={rows}
        maxLength={most}
        value={value}
        onChange={(event) => set(event.target.value)}
      />
    </label>
  )
}

/** With whom, when, and the two days. */
function Pairs({ fields, set }: { fields: Fields; set: (change: Partial<Fields>) => void }) {
  const { say } = useWords()
  const { data: counsellors } = useQuery({
    queryKey: ['counsellors'],
    queryFn: () => request(listCounsellors, {}),
  })
  return (
    <div className="alert-pairs">
      <label>
        <span className="quiet">{say('alert.preferred')}</span>
        <select
          className="box"
          value={fields.preferredPerson}
          onChange={(event) => set({ preferredPerson: event.target.value })}
        >
          <option value="">{say('alert.preferredNone')}</option>
          {(counsellors ?? []).map((each) => (
            <option key={each.personId} value={each.personId}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="quiet">{say('alert.times')}</span>
        <input
          className="box"
          maxLength={200}
          placeholder={say('alert.timesExample')}
          value={fields.times}
          onChange={(event) => set({ times: event.target.value })}
        />
      </label>
      <label>
        <span className="quiet">{say('alert.reviewAt')}</span>
        <input
          className="box"
          type="date"
          required
          value={fields.reviewOn}
          onChange={(event) => set({ reviewOn: event.target.value })}
        />
      </label>
      <label>
        <span className="quiet">{say('alert.expiresAt')}</span>
        <input
          className="box"
          type="date"
          required
          value={fields.endsOn}
          onChange={(event) => set({ endsOn: event.target.value })}
        />
      </label>
    </div>
  )
}

/** Adds an alert to a caller (`alert` null), or looks at one again: reasoned, with a review and an end (G24-7.4). */
export function AlertForm({
  profileId,
  alert,
  onDone,
}: {
  profileId: string
  alert: CallerAlert | null
  onDone: () => void
}) {
  const { say } = useWords()
  const zone = useZone()
  const cache = useQueryClient()
  const [fields, setFields] = useState(() => fieldsOf(alert, hotlineNow(), zone))
  const set = (change: Partial<Fields>): void => setFields({ ...fields, ...change })
  const saving = useMutation({
    mutationFn: () => {
      const { reviewOn, endsOn, preferredPerson, ...rest } = fields
      // Days count to their beginning; the end is the end of its day.
      const reviewAt = new Date(instantOf(reviewOn, '09:00', zone)).toISOString()
      const expiresAt = new Date(instantOf(endsOn, '23:59', zone)).toISOString()
      const body = { ...rest, preferredPerson: preferredPerson || null, reviewAt, expiresAt }
      return alert
        ? request(reviewAlert, { params: { alertId: alert.alertId }, body })
        : request(addAlert, { params: { profileId }, body })
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['callers'] })
      onDone()
    },
  })
  const wrong = saving.error instanceof Refusal && saving.error.code === 'request.malformed'
  const longest = alertLongest[fields.kind]
  return (
    <form
      className="card stack alert-form"
      aria-label={say(alert ? 'alert.review' : 'alert.add')}
      onSubmit={(event) => {
        event.preventDefault()
        saving.mutate()
      }}
    >
      <h3>{say(alert ? 'alert.review' : 'alert.add')}</h3>
      <div className="row" role="group" aria-label={say('alert.title')}>
        {alertKinds.map((kind) => (
          <button
            key={kind}
            type="button"
            className="plain toggle"
            aria-pressed={fields.kind === kind}
            onClick={() => set({ kind })}
          >
            {say(`alert.kind.${kind}`)}
          </button>
        ))}
      </div>
      <Text
        label={say('alert.words')}
        value={fields.words}
        rows={3}
        most={1000}
        set={(words) => set({ words })}
      />
      <Text
        label={say('alert.reason')}
        value={fields.reason}
        rows={2}
        most={1000}
        set={(reason) => set({ reason })}
      />
      <Pairs fields={fields} set={set} />
      <p className="quiet">
        {say('alert.wrongTimes', { review: longest.reviewDays, expiry: longest.expiryDays })}{' '}
        {say('alert.neverOrder')}
      </p>
      <Failure of={saving.error} />
      {wrong && (
        <p role="alert">
          {say('alert.wrongTimes', { review: longest.reviewDays, expiry: longest.expiryDays })}
        </p>
      )}
      <div className="row">
        <button type="submit" className="main-button" disabled={saving.isPending}>
          {say('alert.save')}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {say('do.cancel')}
        </button>
      </div>
    </form>
  )
}
