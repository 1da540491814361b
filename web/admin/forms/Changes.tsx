import type { FormChange } from '../../../domain/form-comparison.ts'
import type { Questionnaire } from '../../../domain/questionnaire.ts'
import { useWords } from '../../ui/words.ts'
import { calledBy, fieldText, nameIn, valueText } from './phrases.ts'

type Part = { form: Questionnaire }

function Details({ change, form }: Part & { change: FormChange }) {
  const speaker = useWords()
  const { say } = speaker
  if (change.kind === 'moved') {
    const to = nameIn(form, change.to, speaker)
    const words =
      change.from === change.to
        ? say('forms.movedWithin', { to })
        : say('forms.movedFrom', { from: nameIn(form, change.from, speaker), to })
    return <p className="quiet">{words}</p>
  }
  if (change.kind !== 'changed') return null
  return (
    <dl className="change-fields">
      {change.fields.map(({ field, before, after }) => (
        <div key={field}>
          <dt>{fieldText(field, speaker)}</dt>
          <dd>
            <del>{valueText(field, before, form, speaker)}</del>
            <span aria-hidden="true"> → </span>
            <ins>{valueText(field, after, form, speaker)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** What differs between two versions, item by item, in words. `form` is the later one. */
export function Changes({ changes, form }: Part & { changes: readonly FormChange[] }) {
  const speaker = useWords()
  const { say } = speaker
  if (changes.length === 0) return <p className="quiet">{say('forms.changesNone')}</p>
  return (
    <ul className="changes">
      {changes.map((change) => (
        <li key={`${change.kind} ${change.linkId}`}>
          <span className={`tag ${change.kind === 'removed' ? 'tag-soon' : 'tag-main'}`}>
            {say(`forms.change.${change.kind}`)}
          </span>{' '}
          <span className="strong">{calledBy(change.item, speaker)}</span>
          <Details change={change} form={form} />
        </li>
      ))}
    </ul>
  )
}
