import { useQuery } from '@tanstack/react-query'
import Table from 'antd/es/table'
import { useState } from 'react'
import { listVersions, readVersion, type VersionRow } from '../../../api/forms.ts'
import { compareVersions } from '../../../domain/form-comparison.ts'
import { FailedPart, Skeleton } from '../../ui/Notice.tsx'
import { Pager } from '../../ui/Pager.tsx'
import { request } from '../../ui/request.ts'
import { useWords } from '../../ui/words.ts'
import { When } from '../../ui/When.tsx'
import { Changes } from './Changes.tsx'
import { useFormDraft } from './draft.ts'
import { exportForm } from './form-file.ts'
import { useFormName } from './FormEditor.tsx'

const versionQuery = (formId: string, version: number) => ({
  queryKey: ['form-version', formId, version],
  queryFn: () => request(readVersion, { params: { formId, version } }),
  // A published version never changes.
  staleTime: Infinity,
})

function Comparison({ formId, from, to }: { formId: string; from: number; to: number }) {
  const before = useQuery(versionQuery(formId, from))
  const after = useQuery(versionQuery(formId, to))
  const failure = before.error ?? after.error
  if (failure)
    return <FailedPart of={failure} retry={() => void Promise.all([before.refetch(), after.refetch()])} />
  if (!before.data || !after.data) return <Skeleton />
  const form = after.data.questionnaire
  return <Changes changes={compareVersions(before.data.questionnaire, form)} form={form} />
}

function Choice({
  words,
  value,
  newest,
  onChange,
}: {
  words: string
  value: number
  newest: number
  onChange: (version: number) => void
}) {
  const { say } = useWords()
  return (
    <label className="row">
      <span>{words}</span>
      <select className="box" value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {Array.from({ length: newest }, (_, at) => newest - at).map((version) => (
          <option key={version} value={version}>
            {say('forms.versionN', { n: version })}
          </option>
        ))}
      </select>
    </label>
  )
}

function Compare({ formId, newest }: { formId: string; newest: number }) {
  const { say } = useWords()
  const [from, setFrom] = useState(Math.max(1, newest - 1))
  const [to, setTo] = useState(newest)
  if (newest < 2) return null
  return (
    <section className="card stack" aria-label={say('forms.compare')}>
      <div className="row version-choice">
        <Choice words={say('forms.compareFrom')} value={from} newest={newest} onChange={setFrom} />
        <Choice words={say('forms.compareTo')} value={to} newest={newest} onChange={setTo} />
      </div>
      <Comparison formId={formId} from={from} to={to} />
    </section>
  )
}

/** The versions of a form: who published what when, how many records use which, and what changed between two. */
export function FormVersions({ formId }: { formId: string }) {
  const { say } = useWords()
  const form = useFormDraft(formId)
  const [after, setAfter] = useState<string>()
  const list = useQuery({
    queryKey: ['forms', formId, 'versions', after],
    queryFn: () => request(listVersions, { params: { formId }, query: after === undefined ? {} : { after } }),
    placeholderData: (before) => before,
  })
  const name = useFormName(form.data ?? { line: null })
  const failure = form.error ?? list.error
  if (failure)
    return <FailedPart of={failure} retry={() => void Promise.all([form.refetch(), list.refetch()])} />
  if (!form.data || !list.data) return <Skeleton lines={6} />
  const file = async (version: number): Promise<void> => {
    const { questionnaire } = await request(readVersion, { params: { formId, version } })
    exportForm(questionnaire, `form-${form.data.line?.number ?? 'base'}-v${version}`)
  }
  return (
    <>
      <h2>{say('forms.versionsOf', { name })}</h2>
      {list.data.rows.length === 0 ? (
        <p className="empty card">{say('forms.noVersions')}</p>
      ) : (
        <Table<VersionRow>
          rowKey="formVersionId"
          dataSource={list.data.rows}
          pagination={false}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: say('forms.version'), dataIndex: 'version', className: 'number' },
            { title: say('forms.publishedAt'), render: (_, row) => <When at={row.publishedAt} /> },
            { title: say('forms.publisher'), render: (_, row) => row.publishedBy ?? say('forms.shipped') },
            { title: say('forms.versionNote'), dataIndex: 'note' },
            {
              title: say('forms.versionContacts'),
              className: 'number',
              render: (_, row) => `${row.openContacts} / ${row.contacts}`,
            },
            {
              title: say('forms.versionHash'),
              render: (_, row) => <code title={row.sha256}>{row.sha256.slice(0, 12)}</code>,
            },
            {
              title: '',
              render: (_, row) => (
                <button type="button" className="plain" onClick={() => void file(row.version)}>
                  {say('forms.exportVersion', { n: row.version })}
                </button>
              ),
            },
          ]}
        />
      )}
      <Pager after={after} next={list.data.next} go={setAfter} />
      <Compare key={form.data.version} formId={formId} newest={form.data.version} />
    </>
  )
}
