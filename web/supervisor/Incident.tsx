import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { listProtocols, openProtocol } from '../../api/crisis.ts'
import { listEntries, readIncident, type IncidentEntry } from '../../api/incidents.ts'
import type { Reply } from '../../api/endpoint.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { AddEntry } from './AddEntry.tsx'
import { IncidentState } from './Incidents.tsx'

type Whole = Reply<typeof readIncident>

/** A contact named in the log, and, in a group's incident, the group-crisis protocol for it. */
function NamedContact({
  contact,
  group,
}: {
  contact: NonNullable<IncidentEntry['contact']>
  group: boolean
}) {
  const { say } = useWords()
  const mayOpen = useMay('contact.all')
  const mayWork = useMay('crisis.work') && mayOpen && group
  const { data: protocols } = useQuery({
    queryKey: ['protocols'],
    queryFn: () => request(listProtocols, {}),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: mayWork,
  })
  const offered = protocols?.some((each) => each.protocol === 'group-crisis') ?? false
  const opening = useMutation({
    mutationFn: () =>
      request(openProtocol, { params: { contactId: contact.contactId }, body: { protocol: 'group-crisis' } }),
  })
  const words = say('call.number', { number: contact.number })
  return (
    <span className="row">
      {mayOpen ? (
        <Link to="/contacts/$id" params={{ id: contact.contactId }}>
          {words}
        </Link>
      ) : (
        words
      )}
      {mayWork && offered && !opening.isSuccess && (
        <button
          type="button"
          className="quiet-button"
          title={say('incident.protocolHint')}
          disabled={opening.isPending}
          onClick={() => opening.mutate()}
        >
          {say('incident.protocol')}
        </button>
      )}
      {opening.isSuccess && <span className="quiet">✓ {say('incident.protocolOpened')}</span>}
      <Failure of={opening.error} />
    </span>
  )
}

function Entry({
  entry,
  group,
  onCorrect,
}: {
  entry: IncidentEntry
  group: boolean
  onCorrect: (() => void) | null
}) {
  const { say } = useWords()
  return (
    <li className={entry.correctedBy === null ? '' : 'corrected'}>
      <span className="entry-when">
        <span className="number strong">{entry.seq}</span> <When at={entry.at} />
      </span>
      <div>
        <div className="row">
          <span className="tag">{say(`incident.entry.${entry.kind}`)}</span>
          {entry.to !== null && <span className="strong">{say('incident.toWhom', { to: entry.to })}</span>}
          {entry.contact && <NamedContact contact={entry.contact} group={group} />}
          {entry.corrects !== null && (
            <span className="quiet">{say('incident.correctsEntry', { seq: entry.corrects })}</span>
          )}
          {entry.person && <span className="quiet">{entry.person}</span>}
        </div>
        {entry.words !== '' && <div className="risk-words">{entry.words}</div>}
        {entry.correctedBy !== null && (
          <span className="soon">! {say('incident.correctedBy', { seq: entry.correctedBy })}</span>
        )}
        {entry.correctedBy === null && onCorrect && (
          <button type="button" className="quiet-button" onClick={onCorrect}>
            {say('incident.correct')}
          </button>
        )}
      </div>
    </li>
  )
}

function Log({ incident, onCorrect }: { incident: Whole; onCorrect: (seq: number) => void }) {
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { incidentId } = incident
  const { data, error, refetch } = useQuery({
    queryKey: ['incidents', incidentId, 'entries', after],
    queryFn: () => request(listEntries, { params: { incidentId }, query: { after } }),
  })
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={6} />
  // One protocol serves the whole group: it is offered on the latest contact whose record is still open.
  const offering =
    incident.kind === 'group' && incident.state === 'open'
      ? data.rows.find((entry) => entry.contact?.open === true)
      : undefined
  return (
    <>
      <ol className="timeline incident-log">
        {data.rows.map((entry) => (
          <Entry
            key={entry.seq}
            entry={entry}
            group={entry === offering}
            onCorrect={
              incident.state === 'open' &&
              (entry.kind === 'note' || entry.kind === 'measure' || entry.kind === 'told')
                ? () => onCorrect(entry.seq)
                : null
            }
          />
        ))}
      </ol>
      <Pager after={after} next={data.next} go={setAfter} />
    </>
  )
}

/** One incident: whether its log is still what was written, adding to it, and the log, latest first. */
export function Incident() {
  const { say } = useWords()
  const params: { id?: string } = useParams({ strict: false })
  const incidentId = params.id ?? ''
  const [corrects, setCorrects] = useState<number | null>(null)
  const {
    data: incident,
    error,
    refetch,
  } = useQuery({
    queryKey: ['incidents', incidentId],
    queryFn: () => request(readIncident, { params: { incidentId } }),
  })
  if (!incident)
    return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={8} />
  return (
    <div className="stack tasks">
      <Link to="/incidents">← {say('incident.back')}</Link>
      <div className="spread">
        <h1>{incident.title}</h1>
        <IncidentState of={incident.state} />
      </div>
      <p className="quiet">
        {say('incident.number', { number: incident.number })} · {say(`incident.kind.${incident.kind}`)} ·{' '}
        <When at={incident.openedAt} />
        {incident.openedBy && ` · ${say('incident.openedBy', { person: incident.openedBy })}`} ·{' '}
        {incident.brokenAt === null && `✓ ${say('incident.intact')}`}
      </p>
      {incident.brokenAt !== null && (
        <Notice tone="danger">{say('incident.broken', { seq: incident.brokenAt })}</Notice>
      )}
      <AddEntry key={corrects} incident={incident} corrects={corrects} onDone={() => setCorrects(null)} />
      <section className="card">
        <Log incident={incident} onCorrect={setCorrects} />
      </section>
    </div>
  )
}
