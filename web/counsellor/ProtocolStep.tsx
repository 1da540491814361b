import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { ProtocolRun } from '../../api/crisis.ts'
import { hotlineNow } from '../ui/clock.ts'
import { Failure } from '../ui/Notice.tsx'
import { useMay, useZone } from '../ui/session.ts'
import { clockFace, lengthOf, timeOfDay } from '../ui/time.ts'
import { useNow, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { stepKeeperOf } from './crisis.ts'
import { Field, OneOf, SomeOf, Text } from '../ui/form/Fields.tsx'
import { jumpTo } from './form-places.ts'
import { isOverdue } from './protocol-order.ts'
import type { Step, StepKeeper, StepValue } from './step-keeper.ts'

type Item = Step['items'][number]

/** When a step is due, in words, colour and shape; what is done says so. */
export function StepClock({ step }: { step: Step }) {
  const { say, language } = useWords()
  const now = useNow()
  if (step.skipped !== null) return <span className="tag tag-soon">– {say('protocol.skipped')}</span>
  if (step.doneAt !== null) return <span className="tag tag-main">✓ {say('protocol.done')}</span>
  if (step.dueAt === null) return null
  const left = Date.parse(step.dueAt) - now
  if (isOverdue(step, now))
    return (
      <span className="tag tag-danger number" title={say('protocol.overdueHint')}>
        ▲ {say('protocol.overdue', { length: lengthOf(-left, language) })}
      </span>
    )
  return (
    <span className={`tag number ${left < 60_000 ? 'tag-soon' : ''}`}>
      {left < 60_000 && '! '}
      {say('protocol.dueIn', { time: clockFace(left) })}
    </span>
  )
}

/** A time: typed as hours and minutes, or taken by the key "now". */
function Time({
  item,
  value,
  onChange,
  label,
}: {
  item: Item
  value: StepValue | undefined
  onChange: (value: string, soon: boolean) => void
  label: string
}) {
  const { say } = useWords()
  const zone = useZone()
  const text = typeof value === 'string' ? value : ''
  const shown = text.includes('T') ? timeOfDay(Date.parse(text), zone).slice(0, 5) : text
  return (
    <div className="row">
      {item.kind === 'time' || text === '' ? null : <span className="number strong">{shown}</span>}
      {item.kind === 'time' && (
        <input
          type="time"
          className="box step-time"
          aria-label={label}
          value={shown}
          onChange={(event) => onChange(event.target.value, true)}
        />
      )}
      <button
        type="button"
        className="plain"
        onClick={() => onChange(new Date(hotlineNow()).toISOString(), false)}
      >
        {say('protocol.now')}
      </button>
      {text !== '' && (
        <button type="button" className="quiet-button" onClick={() => onChange('', true)}>
          {say('protocol.clearTime')}
        </button>
      )}
    </div>
  )
}

/** Beyond so many options chips become a list. */
const fewOptions = 12

function ItemField({
  item,
  value,
  missing,
  onChange,
}: {
  item: Item
  value: StepValue | undefined
  missing: boolean
  onChange: (value: StepValue | undefined, soon?: boolean) => void
}) {
  const { say, language } = useWords()
  const label = item.words[language]
  const choices = item.options.map(({ code, words }) => ({ code, words: words[language] }))
  const field = (() => {
    if (item.kind === 'text')
      return (
        <Text
          label={label}
          value={typeof value === 'string' ? value : ''}
          max={2000}
          rows={1}
          onChange={(text) => onChange(text)}
        />
      )
    if (item.kind === 'choice' && choices.length > fewOptions)
      return (
        <select
          className="box"
          aria-label={label}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.target.value)}
        >
          <option value="" />
          {choices.map(({ code, words }) => (
            <option key={code} value={code}>
              {words}
            </option>
          ))}
        </select>
      )
    if (item.kind === 'choice')
      return (
        <OneOf
          choices={choices}
          value={typeof value === 'string' ? value : null}
          onChange={(code) => onChange(code ?? '')}
        />
      )
    if (item.kind === 'choices')
      return (
        <SomeOf
          choices={choices}
          value={Array.isArray(value) ? value : []}
          onChange={(codes) => onChange(codes)}
        />
      )
    if (item.kind === 'yes-no')
      return (
        <OneOf
          choices={[
            { code: 'yes', words: say('do.yes') },
            { code: 'no', words: say('do.no') },
          ]}
          value={typeof value === 'boolean' ? (value ? 'yes' : 'no') : null}
          onChange={(code) => onChange(code === null ? undefined : code === 'yes')}
        />
      )
    return <Time item={item} value={value} label={label} onChange={onChange} />
  })()
  return (
    <Field name={`step-${item.id}`} label={label} missing={missing}>
      {field}
    </Field>
  )
}

const isEmpty = (value: StepValue | undefined): boolean =>
  value === undefined || (typeof value !== 'boolean' && value.length === 0)

/** The two ways in which a step ends: done, or why it cannot be. */
function StepEnds({
  step,
  keeper,
  whole,
  onEnd,
}: {
  step: Step
  keeper: StepKeeper
  /** Says whether everything required is there; marks what is not. */
  whole: () => boolean
  onEnd: () => void
}) {
  const { say } = useWords()
  const [why, setWhy] = useState<string | null>(null)
  const ending = useMutation({ mutationFn: keeper.end.bind(keeper), onSuccess: onEnd })
  if (why !== null)
    return (
      <div className="stack">
        <label>
          {say('protocol.cannotWhy')}
          <input
            className="box"
            autoFocus
            maxLength={500}
            value={why}
            onChange={(event) => setWhy(event.target.value)}
          />
        </label>
        <Failure of={ending.error} />
        <div className="row">
          <button
            type="button"
            className="plain"
            disabled={why.trim() === '' || ending.isPending}
            onClick={() => ending.mutate({ skipped: why.trim() })}
          >
            {say('protocol.cannotSave')}
          </button>
          <button type="button" className="quiet-button" onClick={() => setWhy(null)}>
            {say('do.cancel')}
          </button>
        </div>
      </div>
    )
  return (
    <>
      <Failure of={ending.error} />
      <div className="row">
        <button
          type="button"
          className="main-button"
          disabled={ending.isPending}
          onClick={() => whole() && ending.mutate({ done: true })}
        >
          {say(step.doneAt === null ? 'protocol.finishStep' : 'protocol.finishAgain')}
        </button>
        {step.doneAt === null && (
          <button type="button" className="quiet-button" onClick={() => setWhy('')}>
            {say('protocol.cannot')}
          </button>
        )}
      </div>
    </>
  )
}

/** One step: what to do or to read aloud, what is recorded, and its end. Everything typed is saved within a second. */
export function ProtocolStep({
  contactId,
  run,
  step,
  onEnd,
}: {
  contactId: string
  run: ProtocolRun
  step: Step
  onEnd: () => void
}) {
  const { say, language } = useWords()
  const cache = useQueryClient()
  const mayWork = useMay('crisis.work') && run.closedAt === null
  const keeper = stepKeeperOf(cache, contactId, run.runId, step)
  const { record, saved, failure } = useSyncExternalStore(keeper.subscribe, keeper.read)
  useEffect(() => keeper.heard(step), [keeper, step])
  const [tried, setTried] = useState(false)
  const shown = mayWork ? record : step.record
  const missing = step.items.filter((item) => item.required && isEmpty(shown[item.id]))
  // What is required is marked at the end only: nobody is hurried through a talk by marks.
  const whole = (): boolean => {
    setTried(true)
    const [first] = missing
    if (first) jumpTo(`step-${first.id}`)
    return missing.length === 0
  }
  const help = step.help[language]
  return (
    <div className="step-body stack">
      {help !== '' && <p className="step-help">{help}</p>}
      <fieldset className="bare stack" disabled={!mayWork}>
        {step.items.map((item) => (
          <ItemField
            key={item.id}
            item={item}
            value={shown[item.id]}
            missing={tried && missing.includes(item)}
            onChange={(value, soon) => keeper.change(item.id, value, soon)}
          />
        ))}
      </fieldset>
      {step.doneAt !== null && (
        <p className="quiet">
          {say('protocol.doneBy', { person: step.doneBy ?? say('time.none') })} <When at={step.doneAt} />
        </p>
      )}
      {step.skipped !== null && (
        <p className="quiet">{say('protocol.skippedBecause', { why: step.skipped })}</p>
      )}
      {failure === null ? (
        mayWork && !saved && <span className="save-mark">{say('save.pending')}</span>
      ) : (
        <Failure of={failure} />
      )}
      {mayWork && <StepEnds step={step} keeper={keeper} whole={whole} onEnd={onEnd} />}
    </div>
  )
}
