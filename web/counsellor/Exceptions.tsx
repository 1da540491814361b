import { useState } from 'react'
import { recordException, type Crisis } from '../../api/crisis.ts'
import { sayOr } from '../ui/catalogue.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { useCrisisCommand } from './crisis.ts'
import { Field, OneOf, SomeOf, Text } from '../ui/form/Fields.tsx'

/** What the law or the code of ethics allows, by kind of exception; the most usual first. */
const bases = {
  'danger-to-self': ['pipl-13-4', 'mental-health-28', 'ethics-3.2'],
  'danger-to-others': ['pipl-13-4', 'mental-health-28', 'ethics-3.2'],
  'minor-abused': ['minors-11', 'domestic-violence-14', 'pipl-13-4'],
  law: ['formal-request', 'epidemic-report'],
} as const
type ExceptionCode = keyof typeof bases
const codes = ['danger-to-self', 'danger-to-others', 'minor-abused', 'law'] as const
const recipients = [
  'police',
  'ambulance',
  'guardian',
  'relative',
  'school',
  'civil-affairs',
  'hospital',
] as const
const dataKinds = [
  'what-danger',
  'place',
  'phone',
  'name',
  'age',
  'means',
  'health',
  'relatives',
  'work-school',
] as const

interface Draft {
  code: ExceptionCode | null
  basis: string | null
  ownBasis: string
  recipient: string
  data: string[]
  words: string
  callerTold: boolean | null
  notToldBecause: string
}
const empty: Draft = {
  code: null,
  basis: null,
  ownBasis: '',
  recipient: '',
  data: [],
  words: '',
  callerTold: null,
  notToldBecause: '',
}

/** What is still missing before an exception can be recorded. */
const isWhole = (draft: Draft): boolean =>
  draft.code !== null &&
  (draft.basis === 'other' ? draft.ownBasis.trim() !== '' : draft.basis !== null) &&
  draft.recipient.trim() !== '' &&
  draft.data.length > 0 &&
  draft.callerTold !== null &&
  (draft.callerTold || draft.notToldBecause.trim() !== '')

function Recipient({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { say } = useWords()
  return (
    <Field name="exception-recipient" label={say('exception.recipient')}>
      <div className="stack">
        <OneOf
          choices={recipients.map((code) => {
            const words = say(`exception.recipient.${code}`)
            return { code: words, words }
          })}
          value={value}
          onChange={(words) => onChange(words ?? '')}
        />
        <input
          className="box"
          maxLength={120}
          value={value}
          aria-label={say('exception.recipient')}
          placeholder={say('exception.recipientHint')}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
    </Field>
  )
}

function Told({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const { say } = useWords()
  return (
    <Field name="exception-told" label={say('exception.told')}>
      <div className="stack">
        <OneOf
          choices={[
            { code: 'yes', words: say('exception.toldYes') },
            { code: 'no', words: say('exception.toldNo') },
          ]}
          value={draft.callerTold === null ? null : draft.callerTold ? 'yes' : 'no'}
          onChange={(code) => change({ callerTold: code === null ? null : code === 'yes' })}
        />
        {draft.callerTold === false && (
          <input
            className="box"
            maxLength={300}
            value={draft.notToldBecause}
            aria-label={say('exception.notToldWhy')}
            placeholder={say('exception.notToldWhy')}
            onChange={(event) => change({ notToldBecause: event.target.value })}
          />
        )}
      </div>
    </Field>
  )
}

/** Records that somebody outside is told something without the caller's consent: the least, one by one. */
function NewException({ contactId, onDone }: { contactId: string; onDone: () => void }) {
  const { say } = useWords()
  const [draft, setDraft] = useState(empty)
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part })
  const recording = useCrisisCommand(contactId, ({ code, basis, ownBasis, callerTold, ...rest }: Draft) =>
    request(recordException, {
      params: { contactId },
      body: {
        ...rest,
        code: code ?? 'law',
        basis: basis === 'other' ? ownBasis : (basis ?? ''),
        callerTold: callerTold === true,
        notToldBecause: callerTold === true ? '' : rest.notToldBecause,
      },
    }),
  )
  return (
    <div className="stack panel">
      <p className="quiet">{say('exception.why')}</p>
      <Field name="exception-code" label={say('exception.code')}>
        <OneOf
          choices={codes.map((code) => ({ code, words: say(`exception.code.${code}`) }))}
          value={draft.code}
          onChange={(code) => change({ code: codes.find((each) => each === code) ?? null, basis: null })}
        />
      </Field>
      {draft.code !== null && (
        <Field name="exception-basis" label={say('exception.basis')}>
          <select
            className="box"
            aria-label={say('exception.basis')}
            value={draft.basis ?? ''}
            onChange={(event) => change({ basis: event.target.value || null })}
          >
            <option value="">{say('exception.basisChoose')}</option>
            {bases[draft.code].map((basis) => (
              <option key={basis} value={basis}>
                {say(`exception.basis.${basis}`)}
              </option>
            ))}
            <option value="other">{say('exception.basis.other')}</option>
          </select>
          {draft.basis === 'other' && (
            <input
              className="box"
              maxLength={200}
              value={draft.ownBasis}
              aria-label={say('exception.basisOwn')}
              placeholder={say('exception.basisOwn')}
              onChange={(event) => change({ ownBasis: event.target.value })}
            />
          )}
        </Field>
      )}
      <Recipient value={draft.recipient} onChange={(recipient) => change({ recipient })} />
      <Field name="exception-data" label={say('exception.data')} hint={say('exception.dataHint')}>
        <SomeOf
          choices={dataKinds.map((code) => ({ code, words: say(`exception.data.${code}`) }))}
          value={draft.data}
          onChange={(data) => change({ data })}
        />
      </Field>
      <Text
        label={say('exception.words')}
        hint={say('exception.words')}
        value={draft.words}
        max={1000}
        rows={1}
        onChange={(words) => change({ words })}
      />
      <Told draft={draft} change={change} />
      <Failure of={recording.error} />
      <div className="row">
        <button
          type="button"
          className="main-button"
          disabled={!isWhole(draft) || recording.isPending}
          onClick={() => recording.mutate(draft, { onSuccess: onDone })}
        >
          {say('exception.record')}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {say('do.cancel')}
        </button>
        {!isWhole(draft) && <span className="quiet">{say('exception.notWhole')}</span>}
      </div>
    </div>
  )
}

/** The exceptions to confidentiality of a contact, and the way to record another. */
export function Exceptions({ contactId, crisis }: { contactId: string; crisis: Crisis }) {
  const { say } = useWords()
  const mayRecord = useMay('crisis.work')
  const [adding, setAdding] = useState(false)
  return (
    <div className="stack">
      {crisis.exceptions.map((one) => (
        <div key={one.exceptionId} className="exception">
          <span className="strong">{say(`exception.code.${one.code}`)}</span>
          {say('risk.colon')}
          {one.recipient} ·{' '}
          {one.data.map((kind) => sayOr(say, `exception.data.${kind}`, kind)).join(say('report.and'))}
          <div className="quiet">
            {sayOr(say, `exception.basis.${one.basis}`, one.basis)} · <When at={one.at} /> · {one.decidedBy} ·{' '}
            {one.callerTold
              ? say('exception.callerTold')
              : say('exception.callerNotTold', { why: one.notToldBecause })}{' '}
            · {one.supervisor ? say('exception.seenBy', { person: one.supervisor }) : say('exception.unseen')}
          </div>
          {one.words !== '' && <div className="risk-words">{one.words}</div>}
        </div>
      ))}
      {adding && <NewException contactId={contactId} onDone={() => setAdding(false)} />}
      {!adding && mayRecord && (
        <div className="row">
          <button type="button" className="quiet-button" onClick={() => setAdding(true)}>
            {say('exception.add')}
          </button>
        </div>
      )}
    </div>
  )
}
