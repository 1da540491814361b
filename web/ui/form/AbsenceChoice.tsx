import { absences, type Absence } from '../../../domain/questionnaire.ts'
import { useWords } from '../words.ts'

/** "Unknown, not asked, declined": an answer to every question but the danger question, quietly beside it. */
export function AbsenceChoice({
  label,
  value,
  onChange,
}: {
  label: string
  value: Absence | null
  onChange: (absence: Absence | null) => void
}) {
  const { say } = useWords()
  return (
    <select
      className="absence"
      data-chosen={value === null ? undefined : ''}
      aria-label={say('form.absenceOf', { question: label })}
      title={say('form.absence')}
      value={value ?? ''}
      onChange={(event) => onChange(absences.find((each) => each === event.target.value) ?? null)}
    >
      <option value="">{say('form.absence')}</option>
      {absences.map((each) => (
        <option key={each} value={each}>
          {say(`form.absent.${each}`)}
        </option>
      ))}
    </select>
  )
}
