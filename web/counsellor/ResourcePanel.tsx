import './caller.css'
import { useDeferredValue, useId, useRef, useState, type KeyboardEvent } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { coreOf } from '../../domain/form.ts'
import { needs, needsFor } from '../../domain/need.ts'
import { placeWords, prefectures, provinces } from '../../domain/region.ts'
import { useKeys } from '../ui/keys.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { useCommand, type Command } from './duty-desk.ts'
import { keepPlace, keptPlace, useOffered, useResults, type Wanted } from './resource.ts'
import { OpenMark, ResourceDetails, VerifiedMark } from './ResourceDetails.tsx'
import { useKept } from './use-kept.ts'

/** What was offered so far, each thing once with the ways it went. */
function OfferedList({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const offered = useOffered(contactId)
  if (offered.length === 0) return <p className="quiet">{say('resource.offeredNone')}</p>
  return (
    <ul className="offered-list" aria-label={say('resource.offered')}>
      {offered.map((each) => (
        <li key={`${each.resourceId} ${each.how}`}>
          ✓ {[each.organisation, each.service].filter(Boolean).join(' · ')}{' '}
          <span className="quiet">
            {say(`resource.done.${each.how}`)} · {each.person} · <When at={each.at} />
          </span>
        </li>
      ))}
    </ul>
  )
}

/** A place by province, then city. */
function PlaceChoice({ place, choose }: { place: string; choose: (place: string) => void }) {
  const { say, language } = useWords()
  const province = place === '' ? '' : `${place.slice(0, 2)}0000`
  const cities = prefectures.filter((each) => each.code.startsWith(province.slice(0, 2)))
  const nameOf = (each: { zh: string; en: string }): string => (language === 'en' ? each.en : each.zh)
  return (
    <>
      <label>
        <span className="quiet">{say('resource.province')}</span>
        <select className="box" value={province} onChange={(event) => choose(event.target.value)}>
          <option value="">{say('resource.anyPlace')}</option>
          {provinces.map((each) => (
            <option key={each.code} value={each.code}>
              {nameOf(each)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="quiet">{say('resource.city')}</span>
        <select
          className="box"
          value={place}
          disabled={province === '' || cities.length === 0}
          onChange={(event) => choose(event.target.value)}
        >
          <option value={province}>{say('resource.wholeProvince')}</option>
          {province !== '' &&
            cities.map((each) => (
              <option key={each.code} value={each.code}>
                {nameOf(each)}
              </option>
            ))}
        </select>
      </label>
    </>
  )
}

/** What to look for: words, need, place, open now; needs that the form suggests are one press away. */
function Tools({
  wanted,
  suggested,
  set,
}: {
  wanted: Wanted
  suggested: string[]
  set: (change: Partial<Wanted>) => void
}) {
  const { say, language } = useWords()
  const words = (code: string): string => {
    const need = needs.find((each) => each.code === code)
    return (language === 'en' ? need?.en : need?.zh) ?? code
  }
  return (
    <div className="resource-tools">
      <label className="full">
        <span className="quiet">{say('resource.words')}</span>
        <input
          className="box"
          type="search"
          autoFocus
          maxLength={60}
          value={wanted.text}
          onChange={(event) => set({ text: event.target.value })}
        />
      </label>
      {suggested.length > 0 && (
        <div className="row full">
          <span className="quiet">{say('resource.suggested')}</span>
          {suggested.slice(0, 4).map((code) => (
            <button
              key={code}
              type="button"
              className="plain toggle"
              aria-pressed={wanted.need === code}
              onClick={() => set({ need: wanted.need === code ? '' : code })}
            >
              {words(code)}
            </button>
          ))}
        </div>
      )}
      <label>
        <span className="quiet">{say('resource.need')}</span>
        <select className="box" value={wanted.need} onChange={(event) => set({ need: event.target.value })}>
          <option value="">{say('resource.anyNeed')}</option>
          {needs.map(({ code }) => (
            <option key={code} value={code}>
              {words(code)}
            </option>
          ))}
        </select>
      </label>
      <label className="row resource-now">
        <input
          type="checkbox"
          checked={wanted.open}
          onChange={(event) => set({ open: event.target.checked })}
        />
        {say('resource.openNow')}
      </label>
      <PlaceChoice place={wanted.place} choose={(place) => set({ place })} />
    </div>
  )
}

/** Moves the keyboard between results; from the search field down into them. */
function walk(event: KeyboardEvent<HTMLElement>, root: HTMLElement | null): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  if (event.target instanceof HTMLSelectElement) return
  const stops = [...(root?.querySelectorAll<HTMLElement>('.resource-row > button') ?? [])]
  const here = stops.indexOf(document.activeElement as HTMLElement)
  const next = event.key === 'ArrowDown' ? here + 1 : here - 1
  event.preventDefault()
  if (next < 0) root?.querySelector<HTMLElement>('input[type=search]')?.focus()
  else stops[next]?.focus()
}

function Results({
  wanted,
  contactId,
  command,
}: {
  wanted: Wanted
  contactId: string
  command: Command | null
}) {
  const { say, language } = useWords()
  const [open, setOpen] = useState<string | null>(null)
  const { data, error, refetch } = useResults(wanted)
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={3} />
  const asked = wanted.text !== '' || wanted.need !== '' || wanted.place !== '' || wanted.open
  if (data.rows.length === 0)
    return (
      <p className="quiet" role="status">
        {say(asked ? 'resource.noneFound' : 'resource.emptyDirectory')}
      </p>
    )
  return (
    <ul className="resource-results" aria-label={say('resource.results')}>
      {data.rows.map((each) => (
        <li key={each.resourceId} className="resource-row">
          <button
            type="button"
            aria-expanded={open === each.resourceId}
            onClick={() => setOpen(open === each.resourceId ? null : each.resourceId)}
          >
            <span className="strong">{[each.organisation, each.service].filter(Boolean).join(' · ')}</span>{' '}
            <OpenMark of={each} />
            <br />
            <span className="number">{each.phone}</span>{' '}
            <span className="quiet">{placeWords(each.region, language)}</span> <VerifiedMark of={each} />
          </button>
          {open === each.resourceId && (
            <ResourceDetails resource={each} contactId={contactId} command={command} />
          )}
        </li>
      ))}
    </ul>
  )
}

function Search({
  contactId,
  problems,
  command,
}: {
  contactId: string
  problems: string[]
  command: Command | null
}) {
  const { say } = useWords()
  const root = useRef<HTMLDivElement>(null)
  const [wanted, setWanted] = useState<Wanted>({ text: '', need: '', place: keptPlace(), open: false })
  const asked = useDeferredValue(wanted)
  const set = (change: Partial<Wanted>): void => {
    if (change.place !== undefined) keepPlace(change.place)
    setWanted({ ...wanted, ...change })
  }
  return (
    <div ref={root} className="stack" onKeyDown={(event) => walk(event, root.current)}>
      <Tools wanted={wanted} suggested={needsFor(problems)} set={set} />
      <p className="quiet">{say('resource.keysHint')}</p>
      <Results wanted={asked} contactId={contactId} command={command} />
    </div>
  )
}

/** What was offered on a contact and, for those who may, finding more; `command` when there is a call to put through. */
export function ResourcePart({
  contactId,
  problems,
  command,
  byKey,
}: {
  contactId: string
  problems: string[]
  command: Command | null
  /** One key opens the search. */
  byKey: boolean
}) {
  const { say } = useWords()
  const maySearch = useMay('resource.see')
  const mayRecord = useMay('contact.own')
  const mayOffer = maySearch && mayRecord
  const [open, setOpen] = useState(false)
  const part = useId()
  const show = (): void => {
    setOpen(true)
    // Already open: back into the search field.
    document.getElementById(part)?.querySelector<HTMLElement>('input[type=search]')?.focus()
  }
  useKeys(byKey ? [{ key: 'Alt+Z', words: 'keys.resources', group: 'keys.groupForm', run: show }] : [])
  return (
    <div id={part} className="stack">
      <div className="spread">
        <h3>{say('resource.title')}</h3>
        {mayOffer && (
          <button type="button" className="quiet-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {say(open ? 'resource.close' : 'resource.find')} {byKey && <kbd>Alt+Z</kbd>}
          </button>
        )}
      </div>
      <OfferedList contactId={contactId} />
      {open && <Search contactId={contactId} problems={problems} command={command} />}
    </div>
  )
}

/** Resources at the side of the call. */
export function ResourcePanel({ call }: { call: DeskCall }) {
  const { answers } = useKept(call.contactId)
  const command = useCommand(call.contactId)
  const talking = call.state === 'talking' && call.callerPresent && call.transfer === null
  return (
    <ResourcePart
      contactId={call.contactId}
      problems={coreOf(answers).problems}
      command={talking ? command : null}
      byKey
    />
  )
}
