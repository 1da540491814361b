import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { applyImport, checkImport, resourceFilePath, type ImportResult } from '../../api/referral.ts'
import { resourceColumns, type ResourceColumn } from '../../domain/resource-row.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { base64Of } from './sound-capture.ts'

const useColumnWords = (): ((column: ResourceColumn) => string) => {
  const { language } = useWords()
  return (column) => {
    const found = resourceColumns.find((each) => each.column === column)
    return (language === 'en' ? found?.en : found?.zh) ?? column
  }
}

/** Each bad row by its line in the file, with every reason in words. */
function BadRows({ result }: { result: ImportResult }) {
  const { say } = useWords()
  const words = useColumnWords()
  if (result.badRows.length === 0) return null
  return (
    <section className="stack">
      <h3>{say('resources.badRows')}</h3>
      <div className="import-rows">
        <table className="lines">
          <thead>
            <tr>
              <th scope="col">{say('resources.lineHead')}</th>
              <th scope="col">{say('resources.organisation')}</th>
              <th scope="col">{say('resources.why')}</th>
            </tr>
          </thead>
          <tbody>
            {result.badRows.map((row) => (
              <tr key={row.line}>
                <td className="number">{say('resources.line', { n: row.line })}</td>
                <td>{row.organisation || '—'}</td>
                <td>
                  {row.faults.map((each) => (
                    <div key={`${each.column} ${each.fault} ${each.value}`}>
                      {words(each.column)}
                      {each.value && ` “${each.value}”`} {say(`resources.fault.${each.fault}`)}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {result.bad > result.badRows.length && <p className="quiet">{say('resources.badRowsFirst')}</p>}
    </section>
  )
}

function Sample({ result }: { result: ImportResult }) {
  const { say } = useWords()
  const words = useColumnWords()
  if (result.sample.length === 0) return <p className="quiet">{say('resources.nothing')}</p>
  return (
    <section className="stack">
      <h3>{say('resources.sample')}</h3>
      <div className="import-rows">
        <table className="lines">
          <tbody>
            {result.sample.map((row) => (
              <tr key={row.line}>
                <td className="number">{say('resources.line', { n: row.line })}</td>
                <td>
                  {row.what === 'added' ? '+ ' : '~ '}
                  {say(`resources.${row.what}`)}
                </td>
                <td>{[row.organisation, row.service].filter(Boolean).join(' · ')}</td>
                <td className="quiet">{row.columns.map(words).join(say('timeline.between'))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** A file from the office into the directory: template, dry run, then the import. */
export function ResourceImport({ onDone }: { onDone: () => void }) {
  const { say, language } = useWords()
  const cache = useQueryClient()
  const [file, setFile] = useState<string | null>(null)
  const checking = useMutation({
    mutationFn: (base64: string) => request(checkImport, { body: { base64 } }),
  })
  const applying = useMutation({
    mutationFn: (given: { base64: string; skipBad: boolean }) => request(applyImport, { body: given }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['resources'] }),
  })
  const choose = async (chosen: File): Promise<void> => {
    applying.reset()
    const base64 = await base64Of(chosen)
    setFile(base64)
    checking.mutate(base64)
  }
  const result = checking.data
  const good = result ? result.added + result.changed : 0
  return (
    <section className="card stack admin-panel" aria-label={say('resources.importTitle')}>
      <div className="spread">
        <h2>{say('resources.importTitle')}</h2>
        <button type="button" className="quiet-button" onClick={onDone}>
          {say('resource.close')}
        </button>
      </div>
      <p className="quiet">{say('resources.importHow')}</p>
      <div className="row">
        <label className="plain file-choice">
          {say('resources.chooseFile')}
          <input
            type="file"
            accept=".csv,.xlsx,text/csv"
            onChange={(event) => {
              const chosen = event.target.files?.[0]
              if (chosen) void choose(chosen)
              // The same file, mended, may be chosen again.
              event.target.value = ''
            }}
          />
        </label>
        <a href={resourceFilePath(language, 'template.xlsx')}>{say('resources.template')} Excel</a>
        <a href={resourceFilePath(language, 'template.csv')}>{say('resources.template')} CSV</a>
      </div>
      <Failure of={checking.error ?? applying.error} />
      {checking.isPending && <p role="status">{say('resources.checking')}</p>}
      {result && !applying.data && (
        <>
          <p className="strong" role="status">
            {say('resources.wouldBe', countsOf(result))}
          </p>
          {result.unknownColumns.length > 0 && (
            <p className="quiet">
              {say('resources.unknownColumns', {
                names: result.unknownColumns.join(say('timeline.between')),
              })}
            </p>
          )}
          <BadRows result={result} />
          <Sample result={result} />
          <div className="row">
            <button
              type="button"
              className="main-button"
              disabled={good === 0 || file === null || applying.isPending}
              onClick={() => file !== null && applying.mutate({ base64: file, skipBad: result.bad > 0 })}
            >
              {result.bad > 0 ? say('resources.applySkip', { n: good }) : say('resources.apply')}
            </button>
          </div>
        </>
      )}
      {applying.data && <Notice tone="good">{say('resources.was', countsOf(applying.data))}</Notice>}
    </section>
  )
}

const countsOf = ({ rows, added, changed, unchanged, bad }: ImportResult) => ({
  rows,
  added,
  changed,
  unchanged,
  bad,
})
