import { useQuery } from '@tanstack/react-query'
import { useRef, type ReactNode } from 'react'
import { listLines } from '../../api/administration.ts'
import { contactClasses } from '../../domain/form.ts'
import { channels, consents, contactStates, outcomes, risks } from '../../api/desk.ts'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { useWords, type WordKey } from '../ui/words.ts'
import { classWords } from './contact-class.ts'
import { isNarrowed, type ContactFilters } from './contact-filters.ts'

/** Words of a code shown in lists. */
export const riskWords = (code: (typeof risks)[number]): WordKey => `form.risk.${code}`

function Pick<C extends string>({
  label,
  codes,
  words,
  value,
  onChange,
}: {
  label: string
  codes: readonly C[]
  words: (code: C) => string
  value: C | undefined
  onChange: (code: C | undefined) => void
}) {
  const { say } = useWords()
  return (
    <Labelled label={label}>
      <select
        className="box"
        value={value ?? ''}
        onChange={(event) => onChange(codes.find((code) => code === event.target.value))}
      >
        <option value="">{say('do.all')}</option>
        {codes.map((code) => (
          <option key={code} value={code}>
            {words(code)}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="filter">
      <span className="quiet">{label}</span>
      {children}
    </label>
  )
}

/** A text of the address that is taken over when typing pauses. */
function Typed({
  label,
  value,
  onChange,
  digits,
}: {
  label: string
  value: string
  onChange: (text: string) => void
  digits?: boolean
}) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  return (
    <Labelled label={label}>
      <input
        type="search"
        className="box"
        defaultValue={value}
        maxLength={digits ? 4 : 60}
        inputMode={digits ? 'numeric' : 'search'}
        onChange={({ target }) => {
          if (digits) target.value = target.value.replace(/\D/g, '')
          clearTimeout(timer.current)
          timer.current = setTimeout(() => onChange(target.value), 350)
        }}
      />
    </Labelled>
  )
}

interface FilterProps {
  filters: ContactFilters
  set: (change: Partial<ContactFilters>) => void
}

/** Filters used now and then; open when one of them is in force. */
function MoreFilters({ filters, set }: FilterProps) {
  const { say } = useWords()
  return (
    <details
      className="filter-more"
      open={Boolean(filters.outcome ?? filters.class ?? filters.channel ?? filters.consent)}
    >
      <summary>{say('contacts.more')}</summary>
      <div>
        <Pick
          label={say('contacts.outcome')}
          codes={outcomes}
          words={(code) => say(`outcome.${code}`)}
          value={filters.outcome}
          onChange={(outcome) => set({ outcome })}
        />
        <Pick
          label={say('form.class')}
          codes={contactClasses}
          words={(code) => say(classWords(code))}
          value={filters.class}
          onChange={(contactClass) => set({ class: contactClass })}
        />
        <Pick
          label={say('contacts.channel')}
          codes={channels}
          words={(code) => say(`call.channel.${code}`)}
          value={filters.channel}
          onChange={(channel) => set({ channel })}
        />
        <Pick
          label={say('contacts.consent')}
          codes={consents}
          words={(code) => say(`call.consent.${code}`)}
          value={filters.consent}
          onChange={(consent) => set({ consent })}
        />
      </div>
    </details>
  )
}

/** Search and filters above the list; every change goes into the address. */
export function ContactFilterBar({ filters, set, clear }: FilterProps & { clear: () => void }) {
  const { say } = useWords()
  const mayNumber = useMay('contact.number')
  const lines = useQuery({
    queryKey: ['lines', 'all'],
    queryFn: () => request(listLines, { query: { limit: 100 } }),
    staleTime: 60_000,
  })
  const lineName = (lineId: string): string =>
    lines.data?.rows.find((line) => line.lineId === lineId)?.name ?? ''
  return (
    <div className="filters card" role="search">
      <Typed
        label={say('contacts.text')}
        value={filters.text ?? ''}
        onChange={(text) => set({ text: text.trim() === '' ? undefined : text.trim() })}
      />
      {mayNumber && (
        <Typed
          digits
          label={say('contacts.suffix')}
          value={filters.suffix ?? ''}
          onChange={(suffix) => {
            if (suffix === '' || suffix.length === 4) set({ suffix: suffix === '' ? undefined : suffix })
          }}
        />
      )}
      <Labelled label={say('contacts.from')}>
        <input
          type="date"
          className="box"
          value={filters.from ?? ''}
          onChange={(event) => set({ from: event.target.value || undefined })}
        />
      </Labelled>
      <Labelled label={say('contacts.to')}>
        <input
          type="date"
          className="box"
          value={filters.to ?? ''}
          onChange={(event) => set({ to: event.target.value || undefined })}
        />
      </Labelled>
      <Pick
        label={say('contacts.line')}
        codes={lines.data?.rows.map((line) => line.lineId) ?? []}
        words={lineName}
        value={filters.lineId}
        onChange={(lineId) => set({ lineId })}
      />
      <Pick
        label={say('contacts.risk')}
        codes={risks}
        words={(code) => say(riskWords(code))}
        value={filters.risk}
        onChange={(risk) => set({ risk })}
      />
      <Pick
        label={say('contacts.state')}
        codes={contactStates}
        words={(code) => say(`contactState.${code}`)}
        value={filters.state}
        onChange={(state) => set({ state })}
      />
      <div className="filter-ticks">
        <label>
          <input
            type="checkbox"
            checked={filters.mine === 'true'}
            onChange={(event) => set({ mine: event.target.checked ? 'true' : undefined })}
          />{' '}
          {say('contacts.mine')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={filters.unfinished === 'true'}
            onChange={(event) => set({ unfinished: event.target.checked ? 'true' : undefined })}
          />{' '}
          {say('contacts.unfinished')}
        </label>
        {isNarrowed(filters) && (
          <button type="button" className="quiet-button" onClick={clear}>
            {say('do.clear')}
          </button>
        )}
      </div>
      <MoreFilters filters={filters} set={set} />
    </div>
  )
}
