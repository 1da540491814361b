import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import type { z } from 'zod'
import { addTrunk, changeTrunk, type trunk } from '../../api/administration.ts'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { Panel } from './Panel.tsx'

type Trunk = z.output<typeof trunk>

interface Fields {
  name: string
  kind: 'address' | 'registration'
  host: string
  port: number
  transport: 'udp' | 'tcp' | 'tls'
  username?: string | null
  password?: string
  callerNumber?: string | null
  outboundPatterns: string[]
  rank: number
  mostCalls?: number | null
  watched: boolean
}

const bodyOf = (fields: Fields) => ({
  ...fields,
  username: fields.username?.trim() ? fields.username.trim() : null,
  password: fields.password ? fields.password : null,
  callerNumber: fields.callerNumber?.trim() ? fields.callerNumber.trim() : null,
  mostCalls: fields.mostCalls ?? null,
})

/** Adds a trunk (`trunk` null) or changes one. */
export function TrunkPanel({ trunk: old, onDone }: { trunk: Trunk | null; onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<Fields>()
  const saving = useMutation({
    mutationFn: (fields: Fields) =>
      old
        ? request(changeTrunk, { params: { trunkId: old.trunkId }, body: bodyOf(fields) })
        : request(addTrunk, { body: bodyOf(fields) }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['trunks'] })
      onDone()
    },
  })
  return (
    <Panel<Fields>
      title={old ? `${say('admin.change')}: ${old.name}` : `${say('admin.add')}: ${say('admin.trunks')}`}
      form={form}
      start={
        old ?? { kind: 'address', port: 5060, transport: 'udp', outboundPatterns: [], rank: 1, watched: true }
      }
      pending={saving.isPending}
      failure={saving.error}
      onSave={(fields) => saving.mutate(fields)}
      onCancel={onDone}
    >
      <Form.Item
        name="name"
        label={say('admin.name')}
        rules={[{ required: true }, { pattern: /^[a-z0-9-]{2,40}$/ }]}
      >
        <Input autoFocus maxLength={40} placeholder="gateway-1" />
      </Form.Item>
      <Form.Item name="kind" label={say('trunks.kind')}>
        <Radio.Group
          options={[
            { value: 'address', label: say('trunks.kind.address') },
            { value: 'registration', label: say('trunks.kind.registration') },
          ]}
        />
      </Form.Item>
      <Form.Item name="host" label={say('trunks.host')} rules={[{ required: true }]}>
        <Input maxLength={200} placeholder="10.0.0.2" />
      </Form.Item>
      <Form.Item name="port" label={say('trunks.port')}>
        <InputNumber min={1} max={65_535} />
      </Form.Item>
      <Form.Item name="transport" label={say('trunks.transport')}>
        <Select options={['udp', 'tcp', 'tls'].map((value) => ({ value, label: value.toUpperCase() }))} />
      </Form.Item>
      <Form.Item name="username" label={say('trunks.username')}>
        <Input autoComplete="off" maxLength={80} />
      </Form.Item>
      <Form.Item
        name="password"
        label={say('trunks.password')}
        extra={old ? say('trunks.passwordKeep') : undefined}
      >
        <Input.Password autoComplete="new-password" maxLength={200} />
      </Form.Item>
      <Form.Item
        name="callerNumber"
        label={say('trunks.callerNumber')}
        rules={[{ pattern: /^[0-9+*#]{2,20}$/ }]}
      >
        <Input inputMode="tel" maxLength={20} />
      </Form.Item>
      <Form.Item name="outboundPatterns" label={say('trunks.patterns')} className="admin-wide">
        <Select mode="tags" tokenSeparators={[' ', ',']} placeholder="1XXXXXXXXXX" />
      </Form.Item>
      <Form.Item name="rank" label={say('trunks.rank')} extra={say('trunks.rankWhy')}>
        <InputNumber min={1} max={99} />
      </Form.Item>
      <Form.Item name="mostCalls" label={say('trunks.mostCalls')} extra={say('trunks.mostCallsWhy')}>
        <InputNumber min={1} max={10_000} />
      </Form.Item>
      <Form.Item name="watched" label={say('trunks.watched')} extra={say('trunks.watchedWhy')}>
        <Radio.Group
          options={[
            { value: true, label: say('trunks.watched.yes') },
            { value: false, label: say('trunks.watched.no') },
          ]}
        />
      </Form.Item>
    </Panel>
  )
}
