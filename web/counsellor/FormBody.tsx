import Select from 'antd/es/select'
import { missingForClosing, type FormAnswers } from '../../domain/form.ts'
import { groups, levels, type Code } from '../../domain/population.ts'
import { problemTypes } from '../../domain/problem-type.ts'
import { useWords, type Say, type WordKey } from '../ui/words.ts'
import { Field, OneOf, Rating, SomeOf, Text, type Choice } from './Fields.tsx'

/** The five stages in the guide's order. */
export const stageOrder = ['rapport', 'clarify', 'goal', 'explore', 'summary'] as const

/** One of the stages. */
export type Stage = (typeof stageOrder)[number]

/** What a part of the form is given. */
export interface FormProps {
  form: FormAnswers
  change: (answers: Partial<FormAnswers>) => void
  /** Questions to mark as still required; empty until the end of the call. */
  missing?: readonly (keyof FormAnswers)[]
}

/** Where a question that can be missing stands; `side` is always visible. */
export const placeOf = (question: keyof FormAnswers): Stage | 'side' => {
  if (question === 'problems') return 'clarify'
  return question === 'outcome' ? 'summary' : 'side'
}

/** Brings a question into view and puts the focus on its first control. */
export function jumpTo(question: string): void {
  // After the stage that holds it has been drawn.
  setTimeout(() => {
    const field = document.getElementById(`q-${question}`)
    field?.scrollIntoView({ block: 'center' })
    field?.querySelector<HTMLElement>('input:not([disabled]), textarea')?.focus()
  }, 0)
}

const from = <P extends string, C extends string>(
  say: Say,
  prefix: P,
  codes: readonly (C & (`${P}.${C}` extends WordKey ? C : never))[],
): Choice[] => codes.map((code) => ({ code, words: say(`${prefix}.${code}` as WordKey) }))

const basics = {
  gender: ['female', 'male', 'other'],
  ageGroup: ['under-14', '14-17', '18-29', '30-44', '45-59', '60-plus'],
  firstTime: ['yes', 'no'],
  speaksFor: ['self', 'other'],
} as const

function CallerBasics({ form, change }: FormProps) {
  const { say } = useWords()
  const rest: Choice[] = [
    { code: 'unknown', words: say('form.unknown') },
    { code: 'declined', words: say('form.declined') },
  ]
  const set = (answer: Partial<Record<keyof FormAnswers['caller'], string | null>>): void =>
    change({ caller: { ...form.caller, ...answer } as FormAnswers['caller'] })
  return (
    <>
      {(['speaksFor', 'firstTime', 'gender', 'ageGroup'] as const).map((question) => (
        <Field key={question} name={question} label={say(`form.${question}`)}>
          <OneOf
            choices={[
              ...basics[question].map((code) => ({
                code,
                words: say(`form.${question}.${code}` as WordKey),
              })),
              ...rest,
            ]}
            value={form.caller[question]}
            onChange={(code) => set({ [question]: code })}
          />
        </Field>
      ))}
      <Field name="region" label={say('form.region')}>
        <input
          className="box"
          value={form.caller.region ?? ''}
          maxLength={60}
          aria-label={say('form.region')}
          placeholder={say('form.regionHint')}
          onChange={(event) => set({ region: event.target.value === '' ? null : event.target.value })}
        />
      </Field>
    </>
  )
}

function Picker({
  codes,
  value,
  onChange,
  label,
}: {
  codes: readonly Code[]
  value: string[]
  onChange: (codes: string[]) => void
  label: string
}) {
  const { say, language } = useWords()
  return (
    <Select
      mode="multiple"
      className="full"
      aria-label={label}
      placeholder={say('form.pick')}
      value={value}
      onChange={onChange}
      showSearch={{ optionFilterProp: 'label' }}
      options={codes.map((one) => ({ value: one.code, label: language === 'zh-CN' ? one.zh : one.en }))}
    />
  )
}

function Rapport(props: FormProps) {
  const { say } = useWords()
  const { form, change } = props
  return (
    <>
      <Field name="emotions" label={say('form.emotions')}>
        <SomeOf
          choices={from(say, 'form.emotions', [
            'anxious',
            'calm',
            'afraid',
            'sad',
            'angry',
            'other',
          ] as const)}
          value={form.emotions}
          onChange={(codes) => change({ emotions: codes as FormAnswers['emotions'] })}
        />
      </Field>
      <Field name="distressBefore" label={say('form.distressBefore')} hint={say('form.distressHint')}>
        <Rating
          label={say('form.distressBefore')}
          value={form.distressBefore}
          onChange={(distressBefore) => change({ distressBefore })}
        />
      </Field>
      <CallerBasics {...props} />
    </>
  )
}

function Clarify({ form, change, missing = [] }: FormProps) {
  const { say } = useWords()
  return (
    <>
      {(
        [
          ['problems', problemTypes],
          ['groups', groups],
          ['levels', levels],
        ] as const
      ).map(([question, codes]) => (
        <Field
          key={question}
          name={question}
          label={say(`form.${question}`)}
          missing={missing.includes(question)}
        >
          <Picker
            codes={codes}
            value={form[question]}
            label={say(`form.${question}`)}
            onChange={(chosen) => change({ [question]: chosen })}
          />
        </Field>
      ))}
    </>
  )
}

function Explore({ form, change }: FormProps) {
  const { say } = useWords()
  return (
    <>
      <Field name="given" label={say('form.given')}>
        <SomeOf
          choices={from(say, 'form.given', [
            'listened',
            'information',
            'coping',
            'safety-plan',
            'referral',
            'emergency',
            'follow-up',
          ] as const)}
          value={form.given}
          onChange={(codes) => change({ given: codes as FormAnswers['given'] })}
        />
      </Field>
      <Field name="givenNote" label={say('form.givenNote')}>
        <Text
          label={say('form.givenNote')}
          hint={say('form.givenNoteHint')}
          value={form.givenNote}
          max={2000}
          onChange={(givenNote) => change({ givenNote })}
        />
      </Field>
    </>
  )
}

function Summary({ form, change, missing = [] }: FormProps) {
  const { say } = useWords()
  return (
    <>
      <Field name="distressAfter" label={say('form.distressAfter')} hint={say('form.distressHint')}>
        <Rating
          label={say('form.distressAfter')}
          value={form.distressAfter}
          onChange={(distressAfter) => change({ distressAfter })}
        />
      </Field>
      <Field name="outcome" label={say('form.outcome')} missing={missing.includes('outcome')}>
        <OneOf
          choices={from(say, 'form.outcome', [
            'counselled',
            'information-only',
            'referred',
            'emergency',
            'caller-left',
            'not-counselling',
          ] as const)}
          value={form.outcome}
          onChange={(code) => change({ outcome: code as FormAnswers['outcome'] })}
        />
      </Field>
    </>
  )
}

/** The questions of one stage. */
export function StageQuestions({ stage, ...props }: FormProps & { stage: Stage }) {
  const { say } = useWords()
  if (stage === 'rapport') return <Rapport {...props} />
  if (stage === 'clarify') return <Clarify {...props} />
  if (stage === 'goal') return <p className="quiet">{say('stage.goalHint')}</p>
  return stage === 'explore' ? <Explore {...props} /> : <Summary {...props} />
}

/** The notes: beside every stage, growing. */
export function Notes({ form, change }: FormProps) {
  const { say } = useWords()
  return (
    <Field name="notes" label={say('form.notes')}>
      <Text
        id="notes"
        label={say('form.notes')}
        hint={say('form.notesHint')}
        value={form.notes}
        rows={5}
        max={20_000}
        onChange={(notes) => change({ notes })}
      />
    </Field>
  )
}

/** What still keeps the record open, each a link to its question; said only at the end. */
export function Missing({
  form,
  onJump,
}: {
  form: FormAnswers
  onJump: (question: keyof FormAnswers) => void
}) {
  const { say } = useWords()
  const missing = missingForClosing(form)
  if (missing.length === 0) return <p className="missing complete">✓ {say('form.complete')}</p>
  return (
    <p className="missing">
      <span className="strong">{say('form.missing', { count: missing.length })}</span>
      {missing.map((question) => (
        <button key={question} type="button" className="link" onClick={() => onJump(question)}>
          {say(`form.${question}` as WordKey)}
        </button>
      ))}
    </p>
  )
}
