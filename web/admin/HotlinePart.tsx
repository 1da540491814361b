import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Select from 'antd/es/select'
import type { z } from 'zod'
import { changeHotline, readHotline, type hotline } from '../../api/administration.ts'
import { Failure, FailedPart, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { Limits } from './Limits.tsx'

type Hotline = z.output<typeof hotline>
type Fields = Omit<Hotline, 'serviceLevelMs'> & { seconds: number }

function HotlineForm({ start }: { start: Hotline }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const saving = useMutation({
    mutationFn: ({ seconds, ...fields }: Fields) =>
      request(changeHotline, { body: { ...fields, serviceLevelMs: seconds * 1000 } }),
    onSuccess: async (saved) => {
      cache.setQueryData(['hotline'], saved)
      await cache.invalidateQueries({ queryKey: ['session'] })
    },
  })
  return (
    <Form<Fields>
      layout="vertical"
      requiredMark={false}
      className="card stack"
      initialValues={{ ...start, seconds: start.serviceLevelMs / 1000 }}
      onFinish={(fields) => saving.mutate(fields)}
    >
      <div className="admin-fields">
        <Form.Item
          name="name"
          label={say('hotline.name')}
          rules={[{ required: true, message: say('admin.required') }]}
        >
          <Input maxLength={80} />
        </Form.Item>
        <Form.Item name="department" label={say('hotline.department')}>
          <Input maxLength={80} />
        </Form.Item>
        <Form.Item name="timeZone" label={say('hotline.timeZone')}>
          <Select
            showSearch
            options={Intl.supportedValuesOf('timeZone').map((zone) => ({ value: zone, label: zone }))}
          />
        </Form.Item>
        <Form.Item name="language" label={say('hotline.language')}>
          <Select
            options={[
              { value: 'zh-CN', label: say('prompts.language.zh-CN') },
              { value: 'en', label: say('prompts.language.en') },
            ]}
          />
        </Form.Item>
        <Form.Item name="seconds" label={say('hotline.serviceLevel')} extra={say('hotline.serviceLevelWhy')}>
          <InputNumber min={1} max={600} />
        </Form.Item>
      </div>
      <Failure of={saving.error} />
      {saving.isSuccess && <Notice tone="good">{say('admin.saved')}</Notice>}
      <div className="row">
        <button type="submit" className="main-button" disabled={saving.isPending}>
          {say('admin.save')}
        </button>
      </div>
    </Form>
  )
}

function Settings() {
  const query = useQuery({ queryKey: ['hotline'], queryFn: () => request(readHotline, {}) })
  if (query.isPending) return <Skeleton lines={6} />
  if (query.isError) return <FailedPart of={query.error} retry={() => void query.refetch()} />
  return <HotlineForm start={query.data} />
}

/** The hotline's own settings. */
export function HotlinePart() {
  return (
    <div className="stack">
      <Settings />
      <Limits />
    </div>
  )
}
