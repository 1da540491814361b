import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import Switch from 'antd/es/switch'
import { useState } from 'react'
import { changeInstrument, listInstrumentSettings, type InstrumentSettings } from '../../api/assessment.ts'
import type { Language } from '../../domain/questionnaire.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { dayOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { InstrumentTextPanel } from './InstrumentTextPanel.tsx'

const settingsKey = ['instruments', 'settings'] as const

type Change = (
  of: InstrumentSettings,
  change: Partial<Pick<InstrumentSettings, 'enabled' | 'variant' | 'cutOff'>>,
) => void

/** By which cut-off and which way of scoring the hotline goes. */
function Choices({ of, change }: { of: InstrumentSettings; change: Change }) {
  const { say, language } = useWords()
  const variant = of.variant ?? of.variants[0]?.id ?? null
  const cutOffs = of.cutOffs.filter((one) => one.variant === null || one.variant === variant)
  // Cut-offs of several figures (PHQ-4) hold together: there is nothing to choose between.
  const rivals = new Set(cutOffs.map((one) => one.of)).size < cutOffs.length
  const unverified = (standing: string): string =>
    standing === 'unverified' ? ` · ${say('assess.unverified')}` : ''
  const wordsOf = (one: InstrumentSettings['cutOffs'][number]): string =>
    say(`assess.cutOff.${one.side}`, { at: one.at, population: one.population[language] }) +
    unverified(one.standing)
  return (
    <div className="stack">
      {of.variants.length > 1 && (
        <Select
          aria-label={`${of.short}: ${say('instruments.variant')}`}
          value={variant}
          options={of.variants.map((one) => ({
            value: one.id,
            label: one.words[language] + unverified(one.standing),
            title: one.source,
          }))}
          onChange={(id: string) => change(of, { variant: id, cutOff: null })}
        />
      )}
      {rivals ? (
        <Select
          aria-label={`${of.short}: ${say('instruments.cutOff')}`}
          value={of.cutOff ?? cutOffs[0]?.id ?? null}
          options={cutOffs.map((one) => ({ value: one.id, label: wordsOf(one), title: one.source }))}
          onChange={(id: string) => change(of, { cutOff: id })}
        />
      ) : (
        cutOffs.map((one) => (
          <span key={one.id} title={one.source}>
            {wordsOf(one)}
          </span>
        ))
      )}
      {cutOffs.length === 0 && <span className="quiet">{say('instruments.noCutOff')}</span>}
    </div>
  )
}

/** What wording there is in each language, who confirmed it, and loading it where it may be loaded. */
function Wording({ of, load }: { of: InstrumentSettings; load: (language: Language) => void }) {
  const { say } = useWords()
  const zone = useZone()
  return (
    <ul className="plain-list">
      {of.texts.map((text) => (
        <li key={text.language}>
          {say(`assess.language.${text.language}`)}: {say(`instruments.origin.${text.origin}`)}{' '}
          {text.mayLoad && (
            <button type="button" className="link" onClick={() => load(text.language)}>
              {say('instruments.load')}
            </button>
          )}
          {text.origin === 'operator' && text.confirmedAt && (
            <div className="quiet">
              {say('instruments.loadedBy', {
                person: text.confirmedBy ?? '',
                day: dayOf(Date.parse(text.confirmedAt), zone),
                source: text.source ?? '',
              })}
            </div>
          )}
        </li>
      ))}
    </ul>
  )
}

function Licence({ of }: { of: InstrumentSettings }) {
  const { say, language } = useWords()
  return (
    <details>
      <summary>
        {say('instruments.licence')}: {of.licence.tag}{' '}
        {of.licence.standing === 'unverified' && <span className="tag">{say('assess.unverified')}</span>}
      </summary>
      <p>{of.licence.credit[language]}</p>
      <p className="quiet">{say('assess.source', { source: of.licence.source })}</p>
      {of.notes.map((note) => (
        <p key={note.en} className="quiet">
          {note[language]}
        </p>
      ))}
    </details>
  )
}

/** One instrument with everything that can be chosen about it. */
function Card({
  of,
  change,
  load,
}: {
  of: InstrumentSettings
  change: Change
  load: (language: Language) => void
}) {
  const { say, language } = useWords()
  return (
    <article className="card stack" aria-label={of.name[language]}>
      <header className="spread">
        <h2>
          {of.short} <span className="quiet">{of.about[language]}</span>
        </h2>
        <label className="row">
          <Switch
            aria-label={`${of.short}: ${say('instruments.use')}`}
            checked={of.enabled}
            onChange={(enabled) => change(of, { enabled })}
          />
          {say(of.enabled ? 'instruments.on' : 'instruments.off')}
        </label>
      </header>
      <div className="instrument-parts">
        <div>
          <h3>{say('instruments.wording')}</h3>
          <Wording of={of} load={load} />
        </div>
        <div>
          <h3>{say('instruments.cutOff')}</h3>
          <Choices of={of} change={change} />
        </div>
      </div>
      <Licence of={of} />
    </article>
  )
}

/** Instruments: in use or not, whose wording, under which licence, by which cut-off (G24-4.3.4). */
export function Instruments() {
  const { say } = useWords()
  const cache = useQueryClient()
  const [text, setText] = useState('')
  const [loading, setLoading] = useState<{ of: InstrumentSettings; language: Language } | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: settingsKey,
    queryFn: () => request(listInstrumentSettings, {}),
  })
  const changing = useMutation({
    mutationFn: ({ instrument, enabled, variant, cutOff }: InstrumentSettings) =>
      request(changeInstrument, { params: { instrument }, body: { enabled, variant, cutOff } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['instruments'] }),
  })
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={8} />
  const change: Change = (of, changed) => changing.mutate({ ...of, ...changed })
  const wanted = text.trim().toLowerCase()
  const rows = data.filter((of) =>
    [of.short, of.name['zh-CN'], of.name.en, of.about['zh-CN'], of.about.en].some((words) =>
      words.toLowerCase().includes(wanted),
    ),
  )
  return (
    <div className="stack">
      <p className="quiet">{say('instruments.why')}</p>
      {loading && (
        <InstrumentTextPanel
          key={`${loading.of.instrument} ${loading.language}`}
          of={loading.of}
          language={loading.language}
          onDone={() => setLoading(null)}
        />
      )}
      <div className="row admin-tools">
        <Input.Search
          allowClear
          aria-label={say('admin.search')}
          placeholder={say('admin.search')}
          value={text}
          maxLength={60}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <Failure of={changing.error} />
      {rows.length === 0 && <p className="empty">{say('instruments.empty')}</p>}
      {rows.map((of) => (
        <Card
          key={of.instrument}
          of={of}
          change={change}
          load={(chosen) => setLoading({ of, language: chosen })}
        />
      ))}
    </div>
  )
}
