import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import Switch from 'antd/es/switch'
import type { z } from 'zod'
import { changeLine, openLine, type hours, type Line } from '../../api/administration.ts'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { Panel } from './Panel.tsx'

type Hours = z.output<typeof hours>

interface Fields {
  name: string
  number: string
  language: 'zh-CN' | 'en'
  leastSeats: number
  ringSeconds: number
  wrapUpMinutes: number
  tellOfSupervision: boolean
  always: boolean
  from: string
  to: string
}

const everyDay = [1, 2, 3, 4, 5, 6, 7]

const hoursOf = (fields: Fields): Hours =>
  fields.always
    ? { always: true }
    : { always: false, days: everyDay.map((day) => ({ day, from: fields.from, to: fields.to })) }

const fieldsOf = (line: Line | null): Partial<Fields> => {
  if (!line)
    return {
      language: 'zh-CN',
      leastSeats: 2,
      ringSeconds: 20,
      wrapUpMinutes: 5,
      tellOfSupervision: false,
      always: true,
      from: '08:00',
      to: '22:00',
    }
  const first = line.hours.always ? undefined : line.hours.days[0]
  return {
    name: line.name,
    number: line.number,
    language: line.language,
    leastSeats: line.leastSeats,
    ringSeconds: line.offerTimeoutMs / 1000,
    wrapUpMinutes: line.wrapUpMs / 60_000,
    tellOfSupervision: line.tellOfSupervision,
    always: line.hours.always,
    from: first?.from ?? '08:00',
    to: first?.to ?? '22:00',
  }
}

/** Adds a general line (`line` null) or changes one. */
export function LinePanel({ line, onDone }: { line: Line | null; onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<Fields>()
  const always = Form.useWatch('always', form) ?? true
  const saving = useMutation({
    mutationFn: (fields: Fields) => {
      const body = {
        name: fields.name,
        number: fields.number,
        kind: line?.kind ?? ('general' as const),
        language: fields.language,
        hours: hoursOf(fields),
        leastSeats: fields.leastSeats,
        offerTimeoutMs: fields.ringSeconds * 1000,
        wrapUpMs: fields.wrapUpMinutes * 60_000,
        tellOfSupervision: fields.tellOfSupervision,
      }
      return line
        ? request(changeLine, { params: { lineId: line.lineId }, body })
        : request(openLine, { body })
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['lines'] })
      onDone()
    },
  })
  const clock = { pattern: /^([01]\d|2[0-3]):[0-5]\d$/ }
  return (
    <Panel
      title={line ? `${say('admin.change')}: ${line.name}` : say('lines.addGeneral')}
      form={form}
      start={fieldsOf(line)}
      pending={saving.isPending}
      failure={saving.error}
      onSave={(fields) => saving.mutate(fields)}
      onCancel={onDone}
    >
      <Form.Item name="name" label={say('admin.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={80} />
      </Form.Item>
      <Form.Item
        name="number"
        label={say('lines.number')}
        rules={[{ required: true }, { pattern: /^[0-9+*#]{2,20}$/ }]}
      >
        <Input inputMode="tel" maxLength={20} />
      </Form.Item>
      <Form.Item name="language" label={say('lines.language')}>
        <Select
          options={[
            { value: 'zh-CN', label: say('prompts.language.zh-CN') },
            { value: 'en', label: say('prompts.language.en') },
          ]}
        />
      </Form.Item>
      <Form.Item name="leastSeats" label={say('lines.leastSeats')} extra={say('lines.leastSeatsWhy')}>
        <InputNumber min={0} max={999} />
      </Form.Item>
      <Form.Item name="ringSeconds" label={say('lines.ringFor')}>
        <InputNumber min={5} max={120} />
      </Form.Item>
      <Form.Item name="wrapUpMinutes" label={say('lines.wrapUp')}>
        <InputNumber min={0} max={60} />
      </Form.Item>
      <Form.Item
        name="tellOfSupervision"
        label={say('supervise.tell')}
        extra={say('supervise.tellWhy')}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      <Form.Item
        name="always"
        label={say('lines.hours')}
        extra={say('lines.hoursWhy')}
        className="admin-wide"
      >
        <Radio.Group
          options={[
            { value: true, label: say('lines.hoursAlways') },
            { value: false, label: say('lines.hoursSome') },
          ]}
        />
      </Form.Item>
      <Form.Item name="from" label={say('lines.hoursFrom')} hidden={always} rules={[clock]}>
        <Input type="time" />
      </Form.Item>
      <Form.Item
        name="to"
        label={say('lines.hoursTo')}
        hidden={always}
        rules={[clock]}
        extra={say('lines.hoursDaily')}
      >
        <Input type="time" />
      </Form.Item>
    </Panel>
  )
}
