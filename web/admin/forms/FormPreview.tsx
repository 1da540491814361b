import Segmented from 'antd/es/segmented'
import { useState } from 'react'
import type { Answer, Answers, Questionnaire } from '../../../domain/questionnaire.ts'
import { FormItems } from '../../ui/form/FormItems.tsx'
import type { Language } from '../../ui/time.ts'
import { useNarrow } from '../../ui/use-narrow.ts'
import { useWords } from '../../ui/words.ts'

type Width = 'wide' | 'narrow'

/** The form as it will be asked, to be tried out: in both languages, as wide as at the desk and as on a phone. */
export function FormPreview({ form }: { form: Questionnaire }) {
  const { say, language: own } = useWords()
  const small = useNarrow()
  const [language, setLanguage] = useState<Language>(own)
  const [width, setWidth] = useState<Width>(small ? 'narrow' : 'wide')
  const [answers, setAnswers] = useState<Answers>({})
  const change = (linkId: string, answer: Answer | null): void =>
    setAnswers((before) => {
      const { [linkId]: _, ...others } = before
      return answer === null ? others : { ...others, [linkId]: answer }
    })
  return (
    <section className="stack" aria-label={say('forms.viewPreview')}>
      <div className="spread">
        <div className="row">
          <Segmented<Language>
            aria-label={say('forms.previewLanguage')}
            value={language}
            options={[
              { value: 'zh-CN', label: say('forms.wordsZh') },
              { value: 'en', label: say('forms.wordsEn') },
            ]}
            onChange={setLanguage}
          />
          <Segmented<Width>
            aria-label={say('forms.previewWidth')}
            value={width}
            options={[
              { value: 'wide', label: say('forms.previewWide') },
              { value: 'narrow', label: say('forms.previewNarrow') },
            ]}
            onChange={setWidth}
          />
        </div>
        <button type="button" className="plain" onClick={() => setAnswers({})}>
          {say('forms.previewClear')}
        </button>
      </div>
      <p className="quiet">{say('forms.previewHow')}</p>
      <div className={`card form-preview form-preview-${width}`} lang={language}>
        <FormItems questionnaire={form} answers={answers} change={change} language={language} />
      </div>
    </section>
  )
}
