import { Link } from '@tanstack/react-router'
import type { EarlierContact } from '../../api/callers.ts'
import { problemTypes } from '../../domain/problem-type.ts'
import { When } from '../ui/When.tsx'
import { useWords, words, type WordKey } from '../ui/words.ts'
import { Risk } from './Contacts.tsx'

const isKey = (key: string): key is WordKey => key in words

function One({ contact }: { contact: EarlierContact }) {
  const { say, language } = useWords()
  const problems = contact.problems.map((code) => {
    const type = problemTypes.find((each) => each.code === code)
    return (language === 'en' ? type?.en : type?.zh) ?? code
  })
  const given = contact.given.flatMap((code) => {
    const key = `caller.given.${code}`
    return isKey(key) ? [say(key)] : []
  })
  const outcome = `caller.outcome.${contact.outcome ?? ''}`
  const told = [...given, ...(isKey(outcome) ? [say(outcome)] : [])]
  const number = say('call.number', { number: contact.number })
  return (
    <li className="earlier">
      <div className="spread">
        <span>
          {contact.mayOpen ? (
            <Link to="/contacts/$id" params={{ id: contact.contactId }} className="number">
              {number}
            </Link>
          ) : (
            <span className="number">{number}</span>
          )}{' '}
          · <When at={contact.startedAt} />
        </span>
        <Risk of={contact.risk} />
      </div>
      <div>
        {problems.length > 0 ? problems.join(say('timeline.between')) : <span className="quiet">—</span>}
        {told.length > 0 && <span className="quiet"> · {told.join(say('timeline.between'))}</span>}
      </div>
      <div className="quiet">
        {contact.mine
          ? say('caller.mine')
          : contact.counsellor && say('caller.by', { name: contact.counsellor })}
      </div>
      {contact.notes && (
        <details>
          <summary>{say('caller.notes')}</summary>
          <p className="earlier-notes">{contact.notes}</p>
        </details>
      )}
    </li>
  )
}

/** A caller's earlier contacts, latest first, each as far as the reader may see it. */
export function EarlierList({ contacts }: { contacts: EarlierContact[] }) {
  const { say } = useWords()
  if (contacts.length === 0) return <p className="quiet">{say('caller.earlierNone')}</p>
  return (
    <>
      <ol className="earlier-list">
        {contacts.map((contact) => (
          <One key={contact.contactId} contact={contact} />
        ))}
      </ol>
      {contacts.length === 100 && <p className="quiet">{say('caller.earlierFirstHundred')}</p>}
      {contacts.some((contact) => contact.notes === null) && (
        <p className="quiet">{say('caller.notYours')}</p>
      )}
    </>
  )
}
