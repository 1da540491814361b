import { useId, type ReactNode } from 'react'
import { useWords } from '../words.ts'

/** A choice of a chip or a list: its code and its words. */
export interface Choice {
  code: string
  words: string
}

/** One question: label above, hint beside it, the mark only when it is what still keeps the record open. */
export function Field({
  name,
  label,
  hint,
  missing,
  aside,
  children,
}: {
  name: string
  label: string
  hint?: string | undefined
  missing?: boolean
  /** What stands quietly at the end of the label's line. */
  aside?: ReactNode
  children: ReactNode
}) {
  const { say } = useWords()
  const labelId = useId()
  return (
    <div
      role="group"
      className="field"
      id={`q-${name}`}
      aria-labelledby={labelId}
      data-missing={missing ? '' : undefined}
    >
      <div className="field-head">
        <span id={labelId} className="field-label">
          {label}
        </span>
        {missing && <span className="tag tag-soon needed">{say('form.needed')}</span>}
        {hint && <span className="hint">{hint}</span>}
        {aside}
      </div>
      {children}
    </div>
  )
}

/** One of a few: chips; the chosen one pressed again is taken back. Arrow keys move, space chooses. */
export function OneOf({
  choices,
  value,
  onChange,
  tone,
}: {
  choices: readonly Choice[]
  value: string | null
  onChange: (code: string | null) => void
  tone?: ((code: string) => string) | undefined
}) {
  const group = useId()
  return (
    <div className="chips">
      {choices.map(({ code, words }) => (
        <label key={code} className={`chip ${tone?.(code) ?? ''}`}>
          <input
            type="radio"
            name={group}
            checked={value === code}
            onChange={() => onChange(code)}
            onClick={() => {
              if (value === code) onChange(null)
            }}
          />
          <span>{words}</span>
        </label>
      ))}
    </div>
  )
}

/** Several of a few: chips that are pressed and released. */
export function SomeOf({
  choices,
  value,
  onChange,
}: {
  choices: readonly Choice[]
  value: readonly string[]
  onChange: (codes: string[]) => void
}) {
  return (
    <div className="chips">
      {choices.map(({ code, words }) => (
        <label key={code} className="chip">
          <input
            type="checkbox"
            checked={value.includes(code)}
            onChange={(event) =>
              onChange(event.target.checked ? [...value, code] : value.filter((one) => one !== code))
            }
          />
          <span>{words}</span>
        </label>
      ))}
    </div>
  )
}

/** A number from 0 to 100 said by the caller; empty until it is said. */
export function Rating({
  value,
  onChange,
  label,
}: {
  value: number | null
  onChange: (value: number | null) => void
  label: string
}) {
  const { say } = useWords()
  return (
    <div className="rating" data-empty={value === null ? '' : undefined}>
      <input
        type="range"
        min={0}
        max={100}
        step={5}
        value={value ?? 50}
        aria-label={label}
        aria-valuetext={value === null ? say('form.notAnswered') : String(value)}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <input
        type="number"
        className="box rating-number"
        min={0}
        max={100}
        inputMode="numeric"
        value={value ?? ''}
        aria-label={label}
        onChange={(event) => {
          const n = Math.round(Number(event.target.value))
          onChange(event.target.value === '' ? null : Math.min(100, Math.max(0, Number.isFinite(n) ? n : 0)))
        }}
      />
    </div>
  )
}

/** A text that grows with what is typed. */
export function Text({
  id,
  value,
  onChange,
  hint,
  label,
  rows = 2,
  max,
}: {
  id?: string
  value: string
  onChange: (text: string) => void
  hint?: string
  label: string
  rows?: number
  max: number
}) {
  return (
    <div className="grow-text" data-text={`${value}\n`}>
      <textarea
        id={id}
        className="box"
        rows={rows}
        value={value}
        maxLength={max}
        placeholder={hint}
        aria-label={label}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
