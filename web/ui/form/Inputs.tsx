import { limitsOf, type Item } from '../../../domain/questionnaire.ts'
import { useZone } from '../session.ts'
import { dayAndTime, instantOf } from '../time.ts'
import { useWords } from '../words.ts'

/** A number with the limits of its question, said beside it. */
export function NumberInput({
  item,
  label,
  value,
  onChange,
}: {
  item: Item
  label: string
  value: number | null
  onChange: (value: number | null) => void
}) {
  const { say } = useWords()
  const { least, most } = limitsOf(item)
  const hint = least !== null && most !== null ? say('form.between', { least, most }) : ''
  return (
    <span className="row">
      <input
        type="number"
        className="box rating-number"
        {...(least === null ? {} : { min: least })}
        {...(most === null ? {} : { max: most })}
        step={item.type === 'integer' ? 1 : 'any'}
        inputMode={item.type === 'integer' ? 'numeric' : 'decimal'}
        value={value ?? ''}
        aria-label={label}
        onChange={(event) => {
          const number = Number(event.target.value)
          onChange(event.target.value === '' || !Number.isFinite(number) ? null : number)
        }}
      />
      {hint !== '' && <span className="quiet">{hint}</span>}
    </span>
  )
}

/** A day. */
export function DateInput({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string | null) => void
}) {
  return (
    <input
      type="date"
      className="box date-box"
      value={value}
      aria-label={label}
      onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
    />
  )
}

/** A day and a time in the hotline's zone, kept as an instant. */
export function InstantInput({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string | null) => void
}) {
  const zone = useZone()
  return (
    <input
      type="datetime-local"
      className="box date-box"
      value={value === '' ? '' : dayAndTime(Date.parse(value), zone).replace(' ', 'T')}
      aria-label={label}
      onChange={(event) => {
        const [day, time] = event.target.value.split('T')
        onChange(day && time ? new Date(instantOf(day, time.slice(0, 5), zone)).toISOString() : null)
      }}
    />
  )
}
