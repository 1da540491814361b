import type { ReactNode } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { Notice } from '../ui/Notice.tsx'
import { Since } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { CallerAlerts } from './CallerAlerts.tsx'

/** What is known of a call before it is answered: little, large, and danger first. */
export function Offer({ call }: { call: DeskCall }) {
  const { say } = useWords()
  return (
    <section className="offer card">
      {call.dangerKey && <Notice tone="danger">{say('call.danger')}</Notice>}
      <h1>{call.line.name}</h1>
      <CallerAlerts contactId={call.contactId} offered />
      <dl className="facts">
        <Fact label={say('contact.waited')}>
          {call.queuedAt ? <Since at={call.queuedAt} /> : say('time.none')}
        </Fact>
        <Fact label={say('contacts.channel')}>{say(`call.channel.${call.channel}`)}</Fact>
        <Fact label={say('contacts.consent')}>{say(`call.consent.${call.consent ?? 'none'}`)}</Fact>
        <Fact label={say('contact.earlier')}>
          {call.earlierContacts > 0
            ? say('call.earlier', { count: call.earlierContacts })
            : say('call.earlierNone')}
        </Fact>
      </dl>
    </section>
  )
}

/** One fact with its label. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
