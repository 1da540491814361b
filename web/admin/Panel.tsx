import Form, { type FormInstance } from 'antd/es/form'
import type { ReactNode } from 'react'
import { Failure } from '../ui/Notice.tsx'
import { useWords } from '../ui/words.ts'

interface Props<V extends object> {
  title: string
  hint?: ReactNode
  form: FormInstance<V>
  start: Partial<V>
  pending: boolean
  failure: unknown
  /** Words of the main button; "Save" by default. */
  go?: string
  onSave: (values: V) => void
  onCancel: () => void
  children: ReactNode
}

/** A panel with a form, above its list: title, fields, what went wrong, save and cancel. */
export function Panel<V extends object>(props: Props<V>) {
  const { say } = useWords()
  return (
    <section className="card stack admin-panel" aria-label={props.title}>
      <h2>{props.title}</h2>
      {props.hint && <p className="quiet">{props.hint}</p>}
      <Form<V>
        form={props.form}
        layout="vertical"
        requiredMark={false}
        initialValues={props.start}
        onFinish={props.onSave}
        validateMessages={{ required: say('admin.required') }}
      >
        <div className="admin-fields">{props.children}</div>
        <Failure of={props.failure} />
        <div className="row">
          <button type="submit" className="main-button" disabled={props.pending}>
            {props.go ?? say('admin.save')}
          </button>
          <button type="button" className="plain" onClick={props.onCancel}>
            {say('admin.cancel')}
          </button>
        </div>
      </Form>
    </section>
  )
}
