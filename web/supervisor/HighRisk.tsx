import { Link } from '@tanstack/react-router'
import type { Board } from '../../api/board.ts'
import { Since } from '../ui/When.tsx'
import { useWords, type Say } from '../ui/words.ts'

type Contact = Board['highRisk'][number]
const most = 8

/** What a contact still owes, each thing once. */
const owedWords = (contact: Contact, say: Say): string => {
  const kinds = new Set(
    contact.owed.map((each) => (each === 'report' || each === 'consult' ? each : 'protocol')),
  )
  const owed = [...kinds].map((kind) => say(`board.owed.${kind}`))
  if (contact.state === 'wrap-up' || owed.length === 0)
    owed.push(say(contact.state === 'wrap-up' ? 'board.owed.record' : 'board.talkNow'))
  return owed.join(' · ')
}

/** Contacts in danger that are not closed: what each owes and whose it is. They stay until everything is done (G24-4.3.1b). */
export function HighRisk({ contacts }: { contacts: Board['highRisk'] }) {
  const { say } = useWords()
  return (
    <section className="card board-high">
      <h2>
        {say('board.highRisk')} <span className="count number">{contacts.length}</span>
      </h2>
      {contacts.length === 0 && <p className="quiet">{say('board.highRiskNone')}</p>}
      <ol className="board-lines">
        {contacts.slice(0, most).map((contact) => (
          <li key={contact.contactId}>
            <span className="which">
              {contact.risk === 'acute' && <span className="tag tag-danger">▲ {say('form.risk.acute')}</span>}
              {contact.risk === 'high' && <span className="tag tag-soon">! {say('form.risk.high')}</span>}
              <Link to="/contacts/$id" params={{ id: contact.contactId }} className="number strong">
                {say('call.number', { number: contact.number })}
              </Link>
              <span className="quiet">{contact.line}</span>
            </span>
            <span className="quiet">
              {owedWords(contact, say)}
              {contact.counsellor && ` · ${contact.counsellor}`}
            </span>
            <span className="board-time">
              <Since at={contact.since} />
            </span>
          </li>
        ))}
      </ol>
      {contacts.length > most && <p className="quiet">{say('board.more', { n: contacts.length - most })}</p>}
    </section>
  )
}
