import { useWords } from '../ui/words.ts'
import { Notes, StageQuestions, stageOrder, type FormProps } from './FormBody.tsx'
import { RiskPanel } from './RiskPanel.tsx'

/** The whole form under one another, for reading, finishing later and hand entry. */
export function FormAll(props: FormProps) {
  const { say } = useWords()
  return (
    <div className="form-all">
      <section className="form-part">
        <h3>{say('form.side')}</h3>
        <RiskPanel {...props} />
      </section>
      {stageOrder
        .filter((stage) => stage !== 'goal')
        .map((stage) => (
          <section key={stage} className="form-part">
            <h3>{say(`stage.${stage}`)}</h3>
            <StageQuestions stage={stage} {...props} />
          </section>
        ))}
      <Notes {...props} />
    </div>
  )
}
