import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { readContact, recordingSoundPath } from '../../api/contacts.ts'
import type { Reply } from '../../api/endpoint.ts'
import { coreOf, missingForClosing } from '../../domain/form.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { Length, When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { Risk } from './Contacts.tsx'
import { CallerAlerts } from './CallerAlerts.tsx'
import { CallerPart } from './EarlierContacts.tsx'
import { ResourcePart } from './ResourcePanel.tsx'
import { ContactHints } from './Hints.tsx'
import { ConsentPart } from './ConsentPart.tsx'
import { CrisisPart } from './CrisisSide.tsx'
import { ClassPanel } from './ClassPanel.tsx'
import { classWords, isOther } from './contact-class.ts'
import { jumpTo } from './form-places.ts'
import { KeptParts, Missing } from './FormParts.tsx'
import { FollowUps } from './FollowUps.tsx'
import { FormRead } from './FormRead.tsx'
import { InstrumentPart } from './InstrumentPanel.tsx'
import { Fact } from './Offer.tsx'
import { SaveMark } from './SaveMark.tsx'
import { accessWords, happeningDetail, happeningWords } from './timeline.ts'
import { useKept } from './use-kept.ts'
import { Voices } from './Voices.tsx'
import { useFinish } from './WrapUp.tsx'

type Whole = Reply<typeof readContact>

const between = (from: string | null, to: string | null): number | null =>
  from && to ? Date.parse(to) - Date.parse(from) : null

function Facts({ contact }: { contact: Whole }) {
  const { say } = useWords()
  return (
    <dl className="facts facts-small facts-wide">
      <Fact label={say('contacts.startedAt')}>
        <When at={contact.startedAt} />
      </Fact>
      <Fact label={say('contacts.line')}>{contact.lineName}</Fact>
      <Fact label={say('contacts.channel')}>{say(`call.channel.${contact.channel}`)}</Fact>
      {isOther(contact) && <Fact label={say('form.class')}>{say(classWords(contact.class))}</Fact>}
      {contact.callerNumber && (
        <Fact label={say('contacts.caller')}>
          <span className="number">{contact.callerNumber}</span>
        </Fact>
      )}
      <Fact label={say('contact.waited')}>
        <Length ms={between(contact.queuedAt, contact.answeredAt ?? contact.endedAt)} />
      </Fact>
      <Fact label={say('contacts.length')}>
        <Length ms={between(contact.answeredAt, contact.endedAt)} />
      </Fact>
      <Fact label={say('contacts.counsellor')}>{contact.counsellor ?? say('time.none')}</Fact>
      <Fact label={say('contacts.consent')}>{say(`call.consent.${contact.consent ?? 'none'}`)}</Fact>
      <Fact label={say('contact.endedBy')}>
        {contact.endedBy ? say(`call.endedBy.${contact.endedBy}`) : say('time.none')}
      </Fact>
      <Fact label={say('contact.satisfaction')}>
        {contact.satisfaction === null
          ? say('contact.satisfactionNone')
          : say('contact.satisfactionOf', { n: contact.satisfaction })}
      </Fact>
      <Fact label={say('contact.earlier')}>{say('contact.times', { n: contact.earlierContacts })}</Fact>
      <Fact label={say('contact.closed')}>
        <When at={contact.closedAt} />
      </Fact>
    </dl>
  )
}

function Timeline({ contact }: { contact: Whole }) {
  const { say } = useWords()
  return (
    <section className="card stack">
      <h2>{say('contact.timeline')}</h2>
      {contact.timeline.length === 0 && <p className="quiet">{say('contact.timelineEmpty')}</p>}
      <ol className="timeline">
        {contact.timeline.map((event) => (
          <li key={event.seq}>
            <When at={event.at} />
            <span>
              {happeningWords(event.kind, say)}{' '}
              <span className="quiet">{happeningDetail(event.data, say)}</span>
              {event.actor && <span className="quiet"> · {event.actor}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Recordings({ contact }: { contact: Whole }) {
  const { say } = useWords()
  return (
    <section className="card stack">
      <h2>{say('contact.recordings')}</h2>
      {contact.recordings.length === 0 && (
        <p className="quiet">
          {say('contact.recordingsNone', { why: say(`call.consent.${contact.consent ?? 'none'}`) })}
        </p>
      )}
      {contact.recordings.map((recording) => (
        <div key={recording.recordingId} className="stack recording">
          <span>
            {say(`contact.recording.${recording.kind}`)} · <When at={recording.startedAt} /> ·{' '}
            <Length ms={recording.durationMs} /> · {say(`contact.recording.${recording.state}`)}
          </span>
          {recording.mayListen && recording.state !== 'lost' && (
            <audio controls preload="none" src={recordingSoundPath(recording.recordingId)} />
          )}
          {!recording.mayListen && (
            <span className="quiet">
              {say(recording.sealed ? 'contact.recordingSealed' : 'contact.recordingNotYours')}
            </span>
          )}
        </div>
      ))}
      {contact.recordings.some((recording) => recording.mayListen) && (
        <p className="quiet">{say('contact.recordingLogged')}</p>
      )}
    </section>
  )
}

function Accesses({ contact }: { contact: Whole }) {
  const { say } = useWords()
  if (contact.accesses.length === 0) return null
  return (
    <section className="card stack">
      <h2>{say('contact.accesses')}</h2>
      <ol className="timeline">
        {contact.accesses.map((access) => (
          <li key={`${access.at} ${access.action} ${access.person}`}>
            <When at={access.at} />
            <span>
              {access.person} <span className="quiet">{accessWords(access.action, say)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function FormToFinish({ contactId, after }: { contactId: string; after: () => void }) {
  const { say } = useWords()
  const { finish, pending, error } = useFinish(contactId, after)
  const { questionnaire, answers } = useKept(contactId)
  const missing = missingForClosing(questionnaire, answers)
  return (
    <>
      <ClassPanel contactId={contactId} />
      <div className="form-all">
        <KeptParts contactId={contactId} items={questionnaire.item} missing={missing} />
      </div>
      <Missing contactId={contactId} missing={missing} onJump={jumpTo} />
      <Failure of={error} />
      <div className="row end">
        <button type="button" className="main-button" disabled={pending} onClick={finish}>
          {say('contact.finish')}
        </button>
      </div>
    </>
  )
}

const isLive = (contact: Whole): boolean => contact.state === 'talking' || contact.state === 'offered'

function RecordForm({ contact, reread }: { contact: Whole; reread: () => void }) {
  const { say } = useWords()
  const { contactId } = contact
  const kept = useKept(contactId)
  const { save, loaded } = kept
  const open = contact.mayEdit && contact.closedAt === null
  const editable = open && !isLive(contact)
  const trouble = save.kind === 'conflict' || save.kind === 'failed'
  return (
    <section className="card form-card">
      <header className="spread form-head">
        <h2>{say('contact.form')}</h2>
        {editable ? (
          !trouble && <SaveMark contactId={contactId} save={save} />
        ) : (
          <span className="tag">{say('contact.formReadOnly')}</span>
        )}
      </header>
      {open && !editable && <p className="quiet">{say('contact.notLive')}</p>}
      {trouble && <SaveMark contactId={contactId} save={save} />}
      {!loaded && !trouble && <Skeleton lines={6} />}
      {loaded && !editable && <FormRead kept={kept} />}
      {loaded && editable && <FormToFinish contactId={contactId} after={reread} />}
    </section>
  )
}

/** What was offered, with needs that the form suggests. */
function ResourcesByForm({ contactId }: { contactId: string }) {
  const { answers } = useKept(contactId)
  return (
    <ResourcePart contactId={contactId} problems={coreOf(answers).problems} command={null} byKey={false} />
  )
}

/** Whose contact it is and what was offered, for those who work with callers; what was offered for custodians too. */
function CallerAndResources({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const mayCaller = useMay('caller.see')
  const mayForm = useMay('contact.own')
  return (
    <>
      {mayCaller && (
        <section className="card stack">
          <h2>{say('caller.title')}</h2>
          <CallerAlerts contactId={contactId} />
          <CallerPart contactId={contactId} />
        </section>
      )}
      <section className="card stack">
        {mayForm ? (
          <ResourcesByForm contactId={contactId} />
        ) : (
          <ResourcePart contactId={contactId} problems={[]} command={null} byKey={false} />
        )}
      </section>
    </>
  )
}

/** One contact: what happened, its form, its recordings, who accessed it. */
export function Contact() {
  const { say } = useWords()
  const { id = '' } = useParams({ strict: false })
  const mayForm = useMay('contact.own')
  const { data, error, refetch } = useQuery({
    queryKey: ['contact', id],
    queryFn: () => request(readContact, { params: { contactId: id } }),
  })
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={8} />
  return (
    <div className="contact">
      <div className="spread contact-head">
        <h1>
          {say('contact.title', { number: data.number })} <Risk of={data.risk} />
        </h1>
        <span>
          {say(`contactState.${data.state}`)}
          {data.outcome && ` · ${say(`outcome.${data.outcome}`)}`} ·{' '}
          <Link to="/contacts">{say('contacts.title')}</Link>
        </span>
      </div>
      <div className="card contact-facts">
        <Facts contact={data} />
      </div>
      {mayForm && <RecordForm contact={data} reread={() => void refetch()} />}
      <div className="stack contact-side">
        <CrisisPart contactId={data.contactId} />
        {mayForm && <FollowUps contactId={data.contactId} />}
        <ConsentPart contactId={data.contactId} />
        <InstrumentPart contactId={data.contactId} />
        <CallerAndResources contactId={data.contactId} />
        <ContactHints contactId={data.contactId} />
        <Timeline contact={data} />
        <Recordings contact={data} />
        <Voices voices={data.voices} />
        <Accesses contact={data} />
      </div>
    </div>
  )
}
