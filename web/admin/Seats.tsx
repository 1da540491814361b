import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import { useState } from 'react'
import type { z } from 'zod'
import {
  addSeat,
  changeSeat,
  listPeople,
  listSeats,
  removeSeat,
  renewSeatPassword,
  type seat,
} from '../../api/administration.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { dayOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { Heard } from './Heard.tsx'
import { KeyedList } from './KeyedList.tsx'
import { Panel } from './Panel.tsx'
import { RemoveButton } from './RemoveButton.tsx'

type Seat = z.output<typeof seat>
interface Fields {
  name: string
  kind: 'browser' | 'phone'
  ownerId?: string | null
}

/** A SIP account, shown once. */
interface Secret {
  sipUser: string
  sipPassword: string
}

function SecretNotice({ secret }: { secret: Secret }) {
  const { say } = useWords()
  return (
    <Notice tone="soon">
      <p>{say('seats.passwordOnce')}</p>
      <dl className="row">
        <dt>{say('seats.server')}</dt>
        <dd className="secret">{location.hostname}</dd>
        <dt>{say('seats.sipUser')}</dt>
        <dd className="secret">{secret.sipUser}</dd>
        <dt>{say('seats.password')}</dt>
        <dd className="secret">{secret.sipPassword}</dd>
      </dl>
    </Notice>
  )
}

function SeatPanel({ seat: old, onDone }: { seat: Seat | null; onDone: (secret: Secret | null) => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<Fields>()
  const people = useQuery({
    queryKey: ['people', 'all'],
    queryFn: () => request(listPeople, { query: { limit: 100 } }),
  })
  const saving = useMutation({
    mutationFn: async ({ name, kind, ownerId = null }: Fields): Promise<Secret | null> => {
      if (old) {
        await request(changeSeat, { params: { seatId: old.seatId }, body: { name, ownerId } })
        return null
      }
      const made = await request(addSeat, { body: { name, kind, ownerId } })
      return made.sipPassword ? { sipUser: made.sipUser, sipPassword: made.sipPassword } : null
    },
    onSuccess: async (secret) => {
      await cache.invalidateQueries({ queryKey: ['seats'] })
      onDone(secret)
    },
  })
  return (
    <Panel<Fields>
      title={old ? `${say('admin.change')}: ${old.name}` : `${say('admin.add')}: ${say('admin.seats')}`}
      form={form}
      start={old ? { name: old.name, kind: old.kind, ownerId: old.ownerId } : { kind: 'browser' }}
      pending={saving.isPending}
      failure={saving.error}
      onSave={(fields) => saving.mutate(fields)}
      onCancel={() => onDone(null)}
    >
      <Form.Item name="name" label={say('admin.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={60} />
      </Form.Item>
      <Form.Item name="kind" label={say('seats.kind')}>
        <Radio.Group
          disabled={old !== null}
          options={[
            { value: 'browser', label: say('seats.kind.browser') },
            { value: 'phone', label: say('seats.kind.phone') },
          ]}
        />
      </Form.Item>
      <Form.Item name="ownerId" label={say('seats.owner')} extra={say('seats.ownerWhy')}>
        <Select
          allowClear
          showSearch
          optionFilterProp="label"
          placeholder={say('seats.nobody')}
          options={(people.data?.rows ?? []).map((one) => ({ value: one.personId, label: one.displayName }))}
        />
      </Form.Item>
    </Panel>
  )
}

/** Seats: browser and desk phone. */
export function Seats() {
  const { say } = useWords()
  const cache = useQueryClient()
  const [open, setOpen] = useState<Seat | 'new' | null>(null)
  const [secret, setSecret] = useState<Secret | null>(null)
  const zone = useZone()
  const stateOf = (row: Seat): string => {
    if (row.removedAt) return `– ${say('seats.removed', { day: dayOf(Date.parse(row.removedAt), zone) })}`
    return row.online ? `● ${say('seats.online')}` : `○ ${say('seats.offline')}`
  }
  const refresh = () => cache.invalidateQueries({ queryKey: ['seats'] })
  const removing = useMutation({
    mutationFn: (seatId: string) => request(removeSeat, { params: { seatId } }),
    onSuccess: refresh,
  })
  const renewing = useMutation({
    mutationFn: (seatId: string) => request(renewSeatPassword, { params: { seatId } }),
    onSuccess: setSecret,
  })
  return (
    <div className="stack">
      {secret && <SecretNotice secret={secret} />}
      <Failure of={removing.error ?? renewing.error} />
      {open !== null && (
        <SeatPanel
          key={open === 'new' ? 'new' : open.seatId}
          seat={open === 'new' ? null : open}
          onDone={(made) => {
            if (made) setSecret(made)
            setOpen(null)
          }}
        />
      )}
      <KeyedList<Seat>
        name="seats"
        read={(query) => request(listSeats, { query })}
        rowKey={(row) => row.seatId}
        empty={say('seats.empty')}
        actions={
          <button type="button" className="main-button" onClick={() => setOpen('new')}>
            {say('admin.add')}
          </button>
        }
        columns={[
          { title: say('admin.name'), render: (_, row) => <span className="row-name">{row.name}</span> },
          { title: say('seats.kind'), render: (_, row) => say(`seats.kind.${row.kind}`) },
          { title: say('seats.owner'), render: (_, row) => row.owner ?? say('seats.nobody') },
          { title: say('seats.sipUser'), dataIndex: 'sipUser' },
          {
            title: say('lines.state'),
            render: (_, row) => stateOf(row),
          },
          { title: say('admin.heard'), className: 'number', render: (_, row) => <Heard heard={row.heard} /> },
          {
            title: '',
            // A removed seat stays in the list, because records name it; nothing can be done with it.
            render: (_, row) =>
              row.removedAt === null && (
                <span className="row">
                  <button type="button" className="plain" onClick={() => setOpen(row)}>
                    {say('admin.change')}
                  </button>
                  {row.kind === 'phone' && (
                    <button type="button" className="plain" onClick={() => renewing.mutate(row.seatId)}>
                      {say('seats.renew')}
                    </button>
                  )}
                  <RemoveButton onRemove={() => removing.mutate(row.seatId)} />
                </span>
              ),
          },
        ]}
      />
    </div>
  )
}
