import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Checkbox from 'antd/es/checkbox'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useEffect, useRef } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import { loadText, readText, type InstrumentSettings } from '../../api/assessment.ts'
import type { InstrumentText } from '../../domain/instrument.ts'
import type { Language } from '../../domain/questionnaire.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { Panel } from './Panel.tsx'

type Loaded = Reply<typeof readText>

interface Fields {
  intro: string
  shared: string
  texts: Record<string, string>
  options: Record<string, string>
  source: string
  confirmed: boolean
}

const linesOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

/** How most questions are answered; they share one list of words, others have their own. */
const commonCount = (loaded: Loaded): string => {
  const shapes = loaded.questions.map((one) => one.options.join(' '))
  return (
    shapes.toSorted(
      (a, b) => shapes.filter((one) => one === b).length - shapes.filter((one) => one === a).length,
    )[0] ?? ''
  )
}

const startOf = (loaded: Loaded, shape: string): Partial<Fields> => {
  const { text } = loaded
  const common = loaded.questions.find((one) => one.options.join(' ') === shape)?.item ?? ''
  return {
    intro: text?.intro ?? '',
    shared: text?.items[common]?.options.join('\n') ?? '',
    texts: Object.fromEntries(
      loaded.questions.map(({ item }) => [`q${item}`, text?.items[item]?.text ?? '']),
    ),
    options: Object.fromEntries(
      loaded.questions.map(({ item }) => [`q${item}`, text?.items[item]?.options.join('\n') ?? '']),
    ),
    source: loaded.source ?? '',
    confirmed: false,
  }
}

const textOf = (loaded: Loaded, shape: string, fields: Fields): InstrumentText => ({
  intro: fields.intro ?? '',
  items: Object.fromEntries(
    loaded.questions.map(({ item, options }) => [
      item,
      {
        text: fields.texts[`q${item}`] ?? '',
        options: linesOf(options.join(' ') === shape ? fields.shared : fields.options[`q${item}`]),
      },
    ]),
  ),
})

function TextForm({
  of,
  language,
  loaded,
  onDone,
}: {
  of: InstrumentSettings
  language: Language
  loaded: Loaded
  onDone: () => void
}) {
  const { say, language: mine } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<Fields>()
  const shape = commonCount(loaded)
  const saving = useMutation({
    mutationFn: (fields: Fields) =>
      request(loadText, {
        params: { instrument: of.instrument, language },
        body: {
          text: textOf(loaded, shape, fields),
          source: fields.source,
          licenceConfirmed: fields.confirmed,
        },
      }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['instruments'] })
      onDone()
    },
  })
  const required = [{ required: true }]
  const counted = (count: number) => [
    {
      validator: async (_: unknown, value: string) => {
        if (linesOf(value).length !== count) throw new Error(say('instruments.optionsOne', { n: count }))
      },
    },
  ]
  const count = shape === '' ? 0 : shape.split(' ').length
  return (
    <Panel
      title={say('instruments.loadTitle', { name: of.short, language: say(`assess.language.${language}`) })}
      hint={of.licence.credit[mine]}
      form={form}
      start={startOf(loaded, shape)}
      pending={saving.isPending}
      failure={saving.error}
      onSave={(fields) => saving.mutate(fields)}
      onCancel={onDone}
    >
      <Form.Item name="intro" label={say('instruments.intro')} className="admin-wide">
        <Input.TextArea autoSize maxLength={2000} lang={language} />
      </Form.Item>
      <Form.Item
        name="shared"
        label={say('instruments.optionsAll', { n: count })}
        className="admin-wide"
        rules={counted(count)}
      >
        <Input.TextArea autoSize={{ minRows: count }} maxLength={2400} lang={language} />
      </Form.Item>
      {loaded.questions.map(({ item, label, options }) => (
        <div key={item} className="admin-wide">
          <Form.Item name={['texts', `q${item}`]} label={label[mine]} rules={required}>
            <Input.TextArea autoSize maxLength={1000} lang={language} />
          </Form.Item>
          {options.join(' ') !== shape && (
            <Form.Item
              name={['options', `q${item}`]}
              label={say('instruments.optionsOne', { n: options.length })}
              rules={counted(options.length)}
            >
              <Input.TextArea autoSize={{ minRows: options.length }} maxLength={2400} lang={language} />
            </Form.Item>
          )}
        </div>
      ))}
      <Form.Item
        name="source"
        label={say('instruments.source')}
        extra={say('instruments.sourceWhy')}
        className="admin-wide"
        rules={required}
      >
        <Input maxLength={400} />
      </Form.Item>
      <Form.Item
        name="confirmed"
        valuePropName="checked"
        className="admin-wide"
        rules={[
          {
            validator: async (_, value: boolean | undefined) => {
              if (value !== true) throw new Error(say('instruments.confirmFirst'))
            },
          },
        ]}
      >
        <Checkbox>{say('instruments.confirm')}</Checkbox>
      </Form.Item>
    </Panel>
  )
}

/** Loads the wording of an instrument that may not ship: licence confirmed and source named (G24-4.3.4). */
export function InstrumentTextPanel(props: {
  of: InstrumentSettings
  language: Language
  onDone: () => void
}) {
  const params = { instrument: props.of.instrument, language: props.language }
  const { data, error, refetch } = useQuery({
    queryKey: ['instruments', 'text', params.instrument, params.language],
    queryFn: () => request(readText, { params }),
    gcTime: 0,
  })
  const place = useRef<HTMLDivElement>(null)
  // It stands above a long list: whoever opened it from below must see it.
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'start' })
  }, [data])
  return (
    <div ref={place} className="instrument-text">
      {data ? (
        <TextForm {...props} loaded={data} />
      ) : (
        (error && <FailedPart of={error} retry={() => void refetch()} />) || <Skeleton lines={5} />
      )}
    </div>
  )
}
