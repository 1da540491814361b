import { dangerAnswers, type FormAnswers } from '../../domain/form.ts'
import { riskLevels } from '../../domain/risk.ts'
import { useWords } from '../ui/words.ts'
import { Field, OneOf, Text } from './Fields.tsx'
import type { FormProps } from './FormBody.tsx'

const toneOf = (code: string): string => {
  if (['within-72h', 'in-progress', 'acute'].includes(code)) return 'chip-danger'
  return ['plan', 'within-week', 'high', 'yes'].includes(code) ? 'chip-soon' : ''
}

/** Risk with its reasons: the danger question, danger to others, the level and why. Always in sight, never moves. */
export function RiskPanel({ form, change, missing = [] }: FormProps) {
  const { say } = useWords()
  return (
    <>
      <Field
        name="danger"
        label={say('form.danger')}
        hint={say('form.dangerHint')}
        missing={missing.includes('danger')}
      >
        <OneOf
          choices={dangerAnswers.map((code) => ({ code, words: say(`form.danger.${code}`) }))}
          value={form.danger}
          tone={toneOf}
          onChange={(code) => change({ danger: code as FormAnswers['danger'] })}
        />
      </Field>
      <Field
        name="dangerToOthers"
        label={say('form.dangerToOthers')}
        missing={missing.includes('dangerToOthers')}
      >
        <OneOf
          choices={(['no', 'yes'] as const).map((code) => ({
            code,
            words: say(`form.dangerToOthers.${code}`),
          }))}
          value={form.dangerToOthers}
          tone={toneOf}
          onChange={(code) => change({ dangerToOthers: code as FormAnswers['dangerToOthers'] })}
        />
      </Field>
      <Field name="risk" label={say('form.risk')} missing={missing.includes('risk')}>
        <OneOf
          choices={riskLevels.map((code) => ({ code, words: say(`form.risk.${code}`) }))}
          value={form.risk}
          tone={toneOf}
          onChange={(code) => change({ risk: code as FormAnswers['risk'] })}
        />
      </Field>
      <Field name="riskReason" label={say('form.riskReason')} missing={missing.includes('riskReason')}>
        <Text
          label={say('form.riskReason')}
          hint={say('form.riskReasonHint')}
          value={form.riskReason ?? ''}
          max={2000}
          rows={3}
          onChange={(text) => change({ riskReason: text === '' ? null : text })}
        />
      </Field>
    </>
  )
}
