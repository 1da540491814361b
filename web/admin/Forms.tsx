import './forms/forms.css'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useLocation, useNavigate } from '@tanstack/react-router'
import { listForms, startOverlay, type FormRow } from '../../api/forms.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { When } from '../ui/When.tsx'
import { FormEditor } from './forms/FormEditor.tsx'
import { FormVersions } from './forms/FormVersions.tsx'
import { KeyedList } from './KeyedList.tsx'

function Standing({ form }: { form: FormRow }) {
  const { say } = useWords()
  if (form.version === 0) return <span className="quiet">{say('forms.noVersion')}</span>
  return (
    <span>
      {say('forms.versionN', { n: form.version })} · <When at={form.publishedAt} />{' '}
      <span className="quiet">
        {form.publishedBy === null
          ? say('forms.shipped')
          : say('forms.publishedBy', { person: form.publishedBy })}
      </span>
    </span>
  )
}

function DraftMark({ form }: { form: FormRow }) {
  const { say } = useWords()
  if (form.draftAt === null) return <span className="quiet">{say('forms.noDraft')}</span>
  return <span className="tag tag-soon">{say('forms.draftBy', { person: form.draftBy ?? '' })}</span>
}

function Deeds({ form }: { form: FormRow }) {
  const { say } = useWords()
  const navigate = useNavigate()
  const starting = useMutation({
    mutationFn: (lineId: string) => request(startOverlay, { body: { lineId } }),
    onSuccess: ({ formId }) => navigate({ to: '/admin/$', params: { _splat: `forms/${formId}` } }),
  })
  if (form.formId === null)
    return (
      <>
        <button
          type="button"
          className="plain"
          onClick={() => form.line && starting.mutate(form.line.lineId)}
        >
          {say('forms.start')}
        </button>
        <Failure of={starting.error} />
      </>
    )
  return (
    <span className="row">
      <Link className="plain" to="/admin/$" params={{ _splat: `forms/${form.formId}` }}>
        {say('forms.edit')}
      </Link>
      <Link className="plain" to="/admin/$" params={{ _splat: `forms/${form.formId}/versions` }}>
        {say('forms.versions')}
      </Link>
    </span>
  )
}

function BaseCard() {
  const { say } = useWords()
  const { data, error } = useQuery({
    queryKey: ['forms', 'base'],
    queryFn: async () => (await request(listForms, { query: { limit: 1 } })).base,
  })
  if (!data) return <Failure of={error} />
  return (
    <section className="card spread" aria-label={say('forms.base')}>
      <div className="stack">
        <h2>{say('forms.base')}</h2>
        <Standing form={data} />
        <span>
          {say('forms.questions')} <span className="number">{data.questions}</span>
        </span>
        <DraftMark form={data} />
      </div>
      <Deeds form={data} />
    </section>
  )
}

function FormList() {
  const { say } = useWords()
  return (
    <>
      <p className="quiet">{say('forms.how')}</p>
      <BaseCard />
      <KeyedList<FormRow>
        name="forms"
        read={(query) => request(listForms, { query })}
        rowKey={(form) => form.line?.lineId ?? ''}
        empty={say('forms.empty')}
        columns={[
          { title: say('forms.line'), render: (_, form) => form.line?.name },
          { title: say('lines.number'), className: 'number', render: (_, form) => form.line?.number },
          { title: say('forms.overlay'), render: (_, form) => <Standing form={form} /> },
          { title: say('forms.questions'), dataIndex: 'questions', className: 'number' },
          { title: say('forms.draft'), render: (_, form) => <DraftMark form={form} /> },
          { title: '', render: (_, form) => <Deeds form={form} /> },
        ]}
      />
    </>
  )
}

/** Making forms without code (G24-4.4.1): the list, an editor, the versions of one. */
export function Forms() {
  const { say } = useWords()
  const { pathname } = useLocation()
  const [, formId, part] = /^\/admin\/forms\/([^/]+)(?:\/(\w+))?/.exec(pathname) ?? []
  if (formId === undefined)
    return (
      <div className="stack">
        <FormList />
      </div>
    )
  return (
    <div className="stack">
      <div className="row">
        <Link to="/admin/$" params={{ _splat: 'forms' }}>
          {say('forms.back')}
        </Link>
        <span aria-hidden="true">·</span>
        <Link
          to="/admin/$"
          params={{ _splat: part === 'versions' ? `forms/${formId}` : `forms/${formId}/versions` }}
        >
          {say(part === 'versions' ? 'forms.edit' : 'forms.versions')}
        </Link>
      </div>
      {part === 'versions' ? <FormVersions formId={formId} /> : <FormEditor formId={formId} />}
    </div>
  )
}
