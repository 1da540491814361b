import type { AssessmentRow } from '../../api/assessment.ts'
import { Level } from '../ui/Level.tsx'
import { Notice } from '../ui/Notice.tsx'
import { When } from '../ui/When.tsx'
import { useWords, type Say } from '../ui/words.ts'
import { changeOf } from './instruments.ts'
import { ToDanger } from './ToDanger.tsx'

type Result = AssessmentRow['result']
type CutOff = Result['cutOffs'][number]

function useCutOffWords(result: Result): (cutOff: CutOff) => string {
  const { say, language } = useWords()
  return (cutOff) => {
    const words = say(`assess.cutOff.${cutOff.side}`, {
      at: cutOff.at,
      population: cutOff.population[language],
    })
    const of = result.subscales.find((one) => one.id === cutOff.of)
    const named = of ? say('assess.cutOffOf', { what: of.words[language], cutOff: words }) : words
    return `${named} ${say(cutOff.positive ? 'assess.reached' : 'assess.notReached')}`
  }
}

const sourceWords = (say: Say, { source, standing }: Pick<CutOff, 'source' | 'standing'>): string =>
  `${say('assess.source', { source })}${standing === 'unverified' ? ` · ${say('assess.unverified')}` : ''}`

/** Total, band and the cut-off the hotline goes by, or why there is none. */
function Figures({ row, before }: { row: AssessmentRow; before: AssessmentRow | undefined }) {
  const { say, language } = useWords()
  const { result } = row
  const cutOffWords = useCutOffWords(result)
  const change = changeOf(row, before)
  if (!result.complete) return <p className="strong">{say('assess.incomplete')}</p>
  return (
    <>
      {result.total !== null && (
        <p>
          <span className="strong number instrument-total">
            {say('assess.outOf', { total: result.total, most: result.range?.most ?? '' })}
          </span>{' '}
          {result.band && <span className="strong">{result.band.words[language]}</span>}{' '}
          {change !== null && (
            <span className="quiet">
              {say('assess.before', { total: before?.result.total ?? '', change })}
            </span>
          )}
        </p>
      )}
      {result.cutOffs
        .filter((one) => one.chosen)
        .map((one) => (
          <p key={one.id}>
            {cutOffWords(one)} <span className="quiet hint-line">{sourceWords(say, one)}</span>
          </p>
        ))}
    </>
  )
}

/** What the result asks for: the danger question first, then what to ask again or to check. */
function Prompts({ row, readOnly }: { row: AssessmentRow; readOnly: boolean }) {
  const { say, language } = useWords()
  const { result } = row
  const others = result.prompts.filter(({ code }) => code !== 'danger-question' && code !== 'finish')
  const serious = result.prompts.some(({ code }) => code === 'danger-question')
  return (
    <>
      {serious && (
        <Notice tone="danger">
          {result.critical.map(({ item, words }) => (
            <p key={item}>{say('assess.criticalItem', { item, what: words[language] })}</p>
          ))}
          {result.triage && (
            <p>
              {say('assess.triage')} <Level of={result.triage} />
            </p>
          )}
          {!readOnly && <ToDanger />}
        </Notice>
      )}
      {others.map(({ code, items }) => (
        <Notice key={code} tone="soon">
          {code !== 'danger-question' &&
            code !== 'finish' &&
            say(`assess.prompt.${code}`, { items: items.join('、') })}
        </Notice>
      ))}
    </>
  )
}

function Details({ row }: { row: AssessmentRow }) {
  const { say, language } = useWords()
  const { result } = row
  const cutOffWords = useCutOffWords(result)
  return (
    <details>
      <summary>{say('assess.details')}</summary>
      <ul className="instrument-details">
        {result.cutOffs.map((one) => (
          <li key={one.id}>
            {cutOffWords(one)} <span className="quiet">{sourceWords(say, one)}</span>
          </li>
        ))}
        {result.subscales.map((one) => (
          <li key={one.id}>
            {one.words[language]}{' '}
            <span className="number">{say('assess.outOf', { total: one.value, most: one.most })}</span>
          </li>
        ))}
        {result.algorithms.map((one) => (
          <li key={one.id}>
            {say(one.met ? 'assess.algorithmMet' : 'assess.algorithmNot', { what: one.words[language] })}{' '}
            <span className="quiet">{say('assess.source', { source: one.source })}</span>
          </li>
        ))}
        {result.variant && (
          <li>
            {say('assess.variant', { variant: result.variant.words[language] })}{' '}
            <span className="quiet">{say('assess.source', { source: result.variant.source })}</span>
          </li>
        )}
      </ul>
    </details>
  )
}

/** One result, as a screening hint: never a diagnosis, and a score never stands alone. */
export function InstrumentResult({
  row,
  before,
  readOnly,
}: {
  row: AssessmentRow
  before: AssessmentRow | undefined
  readOnly: boolean
}) {
  const { say, language } = useWords()
  const { result } = row
  return (
    <article className="instrument-result stack" aria-label={row.name[language]}>
      <header className="spread">
        <h4 title={row.name[language]}>{row.short}</h4>
        <span className="tag">{say('assess.hint')}</span>
      </header>
      <Figures row={row} before={before} />
      {result.triage === 'none' && (
        <p>
          {say('assess.triage')} <Level of="none" />
        </p>
      )}
      <Prompts row={row} readOnly={readOnly} />
      {!result.complete && (
        <p className="quiet">{say('assess.missing', { items: result.missing.join('、') })}</p>
      )}
      {result.complete && <Details row={row} />}
      <p className="quiet hint-line">
        <When at={row.at} /> ·{' '}
        {row.byLink ? say('assess.byLink') : say('assess.askedBy', { person: row.askedBy ?? '' })} ·{' '}
        {say(`assess.language.${row.language}`)}
      </p>
    </article>
  )
}
