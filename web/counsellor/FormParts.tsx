import type { Answer, Item } from '../../domain/questionnaire.ts'
import { FormItems } from '../ui/form/FormItems.tsx'
import { useWords } from '../ui/words.ts'
import { questionWords } from './form-places.ts'
import { keeperOf } from './forms.ts'
import { useKept } from './use-kept.ts'

/** Danger must not wait for a pause in typing. */
const atOnce: readonly string[] = ['danger', 'dangerToOthers', 'risk', 'attempts', 'medical', 'beingHarmed']

/** Changes one answer of a contact's form. */
export const changeAnswer = (contactId: string, linkId: string, answer: Answer | null): void =>
  keeperOf(contactId).change({ answers: { [linkId]: answer } }, !atOnce.includes(linkId))

/** Some groups of a contact's kept form; without a heading of their own when `bare`. */
export function KeptParts({
  contactId,
  items,
  missing,
  bare = false,
}: {
  contactId: string
  items: readonly Item[]
  missing: readonly string[]
  bare?: boolean
}) {
  const { language } = useWords()
  const { questionnaire, answers } = useKept(contactId)
  return (
    <FormItems
      questionnaire={questionnaire}
      items={bare ? items.flatMap((group) => group.item ?? []) : items}
      answers={answers}
      change={(linkId, answer) => changeAnswer(contactId, linkId, answer)}
      language={language}
      missing={missing}
    />
  )
}

/** What still keeps the record open, each a link to its question; said only at the end. */
export function Missing({
  contactId,
  missing,
  onJump,
}: {
  contactId: string
  missing: readonly string[]
  onJump: (linkId: string) => void
}) {
  const { say, language } = useWords()
  const { questionnaire } = useKept(contactId)
  if (missing.length === 0) return <p className="missing complete">✓ {say('form.complete')}</p>
  return (
    <p className="missing">
      <span className="strong">{say('form.missing', { count: missing.length })}</span>
      {missing.map((linkId) => (
        <button key={linkId} type="button" className="link" onClick={() => onJump(linkId)}>
          {questionWords(questionnaire, linkId, language)}
        </button>
      ))}
    </p>
  )
}
