import type { ReactNode } from 'react'
import type { FormAnswers } from '../../domain/form.ts'
import { groups, levels, type Code } from '../../domain/population.ts'
import { problemTypes } from '../../domain/problem-type.ts'
import { lengthOf, type Language } from '../ui/time.ts'
import { useWords, type Say, type WordKey } from '../ui/words.ts'
import { stageOrder } from './FormBody.tsx'

type Answer = [label: WordKey, answer: ReactNode]

const named = (codes: readonly Code[], chosen: readonly string[], language: Language): string =>
  chosen
    .map((code) => codes.find((one) => one.code === code))
    .map((found, place) => (found ? (language === 'en' ? found.en : found.zh) : chosen[place]))
    .join(language === 'en' ? ', ' : '、')

const said = (say: Say, prefix: string, codes: readonly string[], language: Language): string =>
  codes.map((code) => say(`${prefix}.${code}` as WordKey)).join(language === 'en' ? ', ' : '、')

function callerAnswers({ caller }: FormAnswers, say: Say): Answer[] {
  const rest = (code: string): boolean => code === 'unknown' || code === 'declined'
  const basics = (['speaksFor', 'firstTime', 'gender', 'ageGroup'] as const).map((question): Answer => {
    const code = caller[question]
    if (code === null) return [`form.${question}`, '']
    return [`form.${question}`, say((rest(code) ? `form.${code}` : `form.${question}.${code}`) as WordKey)]
  })
  return [...basics, ['form.region', caller.region ?? '']]
}

/** Every answer in words, in the order a reader wants: risk first, then who and what, then what was done. */
function answersOf(form: FormAnswers, say: Say, language: Language): Answer[] {
  const spent = stageOrder
    .filter((stage) => form.stageMs[stage])
    .map((stage) => `${say(`stage.${stage}`)} ${lengthOf(form.stageMs[stage] ?? 0, language)}`)
  return [
    ['form.danger', form.danger && say(`form.danger.${form.danger}`)],
    ['form.dangerToOthers', form.dangerToOthers && say(`form.dangerToOthers.${form.dangerToOthers}`)],
    ['form.risk', form.risk && say(`form.risk.${form.risk}`)],
    ['form.riskReason', form.riskReason],
    ['form.notes', form.notes],
    ['form.problems', named(problemTypes, form.problems, language)],
    ['form.groups', named(groups, form.groups, language)],
    ['form.levels', named(levels, form.levels, language)],
    ['form.emotions', said(say, 'form.emotions', form.emotions, language)],
    ['form.distressBefore', form.distressBefore],
    ['form.distressAfter', form.distressAfter],
    ...callerAnswers(form, say),
    ['form.given', said(say, 'form.given', form.given, language)],
    ['form.givenNote', form.givenNote],
    ['form.outcome', form.outcome && say(`form.outcome.${form.outcome}`)],
    ['stage.rail', spent.join(' · ')],
  ]
}

/** The form for reading: only what was answered. */
export function FormRead({ form }: { form: FormAnswers }) {
  const { say, language } = useWords()
  const answers = answersOf(form, say, language).filter(([, answer]) => answer !== '' && answer !== null)
  if (answers.length === 0) return <p className="quiet">{say('form.empty')}</p>
  return (
    <dl className="form-read">
      {answers.map(([label, answer]) => (
        <div key={label}>
          <dt>{say(label)}</dt>
          <dd>{answer}</dd>
        </div>
      ))}
    </dl>
  )
}
