import './instrument.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { makeLink, revokeLink, type InstrumentRow, type LinkRow } from '../../api/assessment.ts'
import type { Language } from '../../domain/questionnaire.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { AskAloud } from './AskAloud.tsx'
import { InstrumentResult } from './InstrumentResult.tsx'
import { assessmentsQuery, instrumentsQuery, languageFor, latestOf } from './instruments.ts'

const linkHours = 24

/** The link as it is shown this once. */
function FreshLink({ path, onDone }: { path: string; onDone: () => void }) {
  const { say } = useWords()
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const copy = async (): Promise<void> => {
    field.current?.select()
    // Without HTTPS a browser has no clipboard to write to: then it is selected, ready for Ctrl+C.
    await navigator.clipboard?.writeText(field.current?.value ?? '').then(
      () => setCopied(true),
      () => undefined,
    )
  }
  return (
    <div className="panel">
      <p>{say('assess.linkMade', { hours: linkHours })}</p>
      <input
        ref={field}
        readOnly
        className="instrument-link"
        aria-label={say('assess.linkAddress')}
        value={`${location.origin}${path}`}
        onFocus={(event) => event.target.select()}
      />
      <div className="row">
        <button type="button" className="main-button" autoFocus onClick={() => void copy()}>
          {say(copied ? 'assess.copied' : 'assess.copy')}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {say('assess.done')}
        </button>
      </div>
    </div>
  )
}

/** Chooses an instrument and its language, then asks it or makes a link. */
function Chooser({
  contactId,
  instruments,
  chosen,
  setChosen,
  onAsk,
}: {
  contactId: string
  instruments: InstrumentRow[]
  chosen: string
  setChosen: (instrument: string) => void
  onAsk: (instrument: string, language: Language) => void
}) {
  const { say, language } = useWords()
  const cache = useQueryClient()
  const [wanted, setWanted] = useState<Language>(language)
  const [path, setPath] = useState<string | null>(null)
  const of = instruments.find((one) => one.instrument === chosen)
  const speaks = of && languageFor(of, wanted)
  const making = useMutation({
    mutationFn: (given: { instrument: string; language: Language }) =>
      request(makeLink, { params: { contactId }, body: { ...given, hours: linkHours } }),
    onSuccess: async (made) => {
      setPath(made.path)
      await cache.invalidateQueries({ queryKey: assessmentsQuery(contactId).queryKey })
    },
  })
  if (path !== null) return <FreshLink path={path} onDone={() => setPath(null)} />
  return (
    <div className="stack">
      <div className="row instrument-choice">
        <select
          aria-label={say('assess.choose')}
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
        >
          {instruments.map((one) => (
            <option key={one.instrument} value={one.instrument}>
              {one.short} · {one.about[language]}
              {one.languages.length === 0 ? ` · ${say('instruments.origin.missing')}` : ''}
            </option>
          ))}
        </select>
        {of && of.languages.length > 1 && (
          <select
            aria-label={say('assess.language')}
            value={speaks}
            onChange={(event) => setWanted(event.target.value === 'en' ? 'en' : 'zh-CN')}
          >
            {of.languages.map((one) => (
              <option key={one} value={one}>
                {say(`assess.language.${one}`)}
              </option>
            ))}
          </select>
        )}
      </div>
      {of && !speaks && (
        <p className="quiet">
          {say('assess.noText')} {of.licence.credit[language]}
        </p>
      )}
      {of && speaks && (
        <div className="row">
          <button type="button" className="plain" onClick={() => onAsk(of.instrument, speaks)}>
            {say('assess.ask')}
          </button>
          {of.ways.includes('link') ? (
            <button
              type="button"
              className="plain"
              disabled={making.isPending}
              onClick={() => making.mutate({ instrument: of.instrument, language: speaks })}
            >
              {say('assess.send')}
            </button>
          ) : (
            <span className="quiet">{say('assess.aloudOnly')}</span>
          )}
          <span className="quiet number">{say('assess.questions', { n: of.questions })}</span>
        </div>
      )}
      <Failure of={making.error} />
    </div>
  )
}

function Links({ contactId, links, readOnly }: { contactId: string; links: LinkRow[]; readOnly: boolean }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const revoking = useMutation({
    mutationFn: (linkId: string) => request(revokeLink, { params: { contactId, linkId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: assessmentsQuery(contactId).queryKey }),
  })
  const shown = links.filter(({ state }) => state !== 'used')
  if (shown.length === 0) return null
  return (
    <div>
      <h4>{say('assess.links')}</h4>
      <ul className="targets">
        {shown.map((link) => (
          <li key={link.linkId}>
            <span className="grow">
              {link.short} ·{' '}
              {say(
                link.state === 'open' && link.openedAt ? 'assess.link.opened' : `assess.link.${link.state}`,
              )}
              {link.state === 'open' && (
                <span className="quiet">
                  {' '}
                  · {say('assess.link.until')} <When at={link.expiresAt} />
                </span>
              )}
            </span>
            {link.state === 'open' && !readOnly && (
              <button
                type="button"
                className="quiet-button"
                disabled={revoking.isPending}
                onClick={() => revoking.mutate(link.linkId)}
              >
                {say('assess.revoke')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Failure of={revoking.error} />
    </div>
  )
}

/** Instruments of a contact: results as screening hints, asking one, links. */
function Instruments({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const mayAsk = useMay('assessment.ask')
  const { data, error, refetch } = useQuery(assessmentsQuery(contactId))
  const instruments = useQuery({ ...instrumentsQuery, enabled: mayAsk })
  const [chosen, setChosen] = useState<string | null>(null)
  const [asking, setAsking] = useState<{ instrument: string; language: Language } | null>(null)
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={3} />
  return (
    <div className="stack instruments">
      {latestOf(data.results).map(({ row, before }) => (
        <InstrumentResult key={row.instrument} row={row} before={before} readOnly={!mayAsk} />
      ))}
      {data.results.length === 0 && !asking && (
        <p className="quiet">{say(mayAsk ? 'assess.none' : 'assess.noneReadOnly')}</p>
      )}
      <Links contactId={contactId} links={data.links} readOnly={!mayAsk} />
      {asking ? (
        <AskAloud contactId={contactId} {...asking} onDone={() => setAsking(null)} />
      ) : (
        instruments.data &&
        instruments.data.length > 0 && (
          <Chooser
            contactId={contactId}
            instruments={instruments.data}
            chosen={chosen ?? instruments.data[0]?.instrument ?? ''}
            setChosen={setChosen}
            onAsk={(instrument, language) => setAsking({ instrument, language })}
          />
        )
      )}
      <Failure of={instruments.error} />
    </div>
  )
}

/** The desk's panel beside the call. */
export const InstrumentPanel = ({ call }: { call: DeskCall }) => <Instruments contactId={call.contactId} />

/** The same on the contact's own page. */
export function InstrumentPart({ contactId }: { contactId: string }) {
  const { say } = useWords()
  return (
    <section className="card stack" aria-label={say('assess.title')}>
      <h2>{say('assess.title')}</h2>
      <Instruments contactId={contactId} />
    </section>
  )
}
