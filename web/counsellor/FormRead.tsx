import { askedItems, isAnswered } from '../../domain/answers.ts'
import { wordsOf } from '../../domain/questionnaire.ts'
import { stages } from '../../domain/stage.ts'
import { answerWords } from '../ui/form/answer-words.ts'
import { useZone } from '../ui/session.ts'
import { lengthOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import type { KeptForm } from './form-keeper.ts'

/** The form for reading: only what was answered, in the order of the form, and the time spent in each stage. */
export function FormRead({ kept }: { kept: KeptForm }) {
  const { say, language } = useWords()
  const zone = useZone()
  const { questionnaire, answers, stageMs } = kept
  const asked = askedItems(questionnaire, answers).filter((item) => isAnswered(answers[item.linkId]))
  const spent = stages
    .filter((stage) => stageMs[stage])
    .map((stage) => `${say(`stage.${stage}`)} ${lengthOf(stageMs[stage] ?? 0, language)}`)
  if (asked.length === 0 && spent.length === 0) return <p className="quiet">{say('form.empty')}</p>
  return (
    <dl className="form-read">
      {asked.map((item) => (
        <div key={item.linkId}>
          <dt>{wordsOf(item, language)}</dt>
          <dd>{answerWords(item, answers[item.linkId], language, say, zone)}</dd>
        </div>
      ))}
      {spent.length > 0 && (
        <div>
          <dt>{say('stage.rail')}</dt>
          <dd>{spent.join(' · ')}</dd>
        </div>
      )}
    </dl>
  )
}
