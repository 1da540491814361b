import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Popconfirm from 'antd/es/popconfirm'
import { useState } from 'react'
import { closeLine, lineGreeting, listLines, openLine, type Line } from '../../api/administration.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay, useZone } from '../ui/session.ts'
import { dayOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { KeyedList } from './KeyedList.tsx'
import { LinePanel } from './LinePanel.tsx'
import { Panel } from './Panel.tsx'
import { PromptPanel } from './PromptPanel.tsx'

type Open =
  { kind: 'none' } | { kind: 'event' } | { kind: 'general' } | { kind: 'change' | 'greeting'; line: Line }

const numberRule = { pattern: /^[0-9+*#]{2,20}$/ }

/** Opening an event line (G24-3.1.4): two fields, one button, ready. */
function EventPanel({ onOpened, onCancel }: { onOpened: (line: Line) => void; onCancel: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<{ name: string; number: string }>()
  const opening = useMutation({
    mutationFn: (values: { name: string; number: string }) =>
      request(openLine, { body: { ...values, kind: 'event' } }),
    onSuccess: async (line) => {
      await cache.invalidateQueries({ queryKey: ['lines'] })
      onOpened(line)
    },
  })
  return (
    <Panel
      title={say('lines.openEvent')}
      hint={say('lines.eventHow')}
      go={say('lines.openEvent')}
      form={form}
      start={{}}
      pending={opening.isPending}
      failure={opening.error}
      onSave={(values) => opening.mutate(values)}
      onCancel={onCancel}
    >
      <Form.Item name="name" label={say('admin.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={80} />
      </Form.Item>
      <Form.Item name="number" label={say('lines.number')} rules={[{ required: true }, numberRule]}>
        <Input inputMode="tel" maxLength={20} />
      </Form.Item>
    </Panel>
  )
}

/** Lines: open, change, close. */
export function Lines() {
  const { say } = useWords()
  const zone = useZone()
  const cache = useQueryClient()
  const mayChange = useMay('line.change')
  const mayRecord = useMay('prompt.change')
  const [open, setOpen] = useState<Open>({ kind: 'none' })
  const [opened, setOpened] = useState<Line | null>(null)
  const shut = (): void => setOpen({ kind: 'none' })
  const closing = useMutation({
    mutationFn: (lineId: string) => request(closeLine, { params: { lineId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['lines'] }),
  })
  return (
    <div className="stack">
      {opened && (
        <Notice tone="good">{say('lines.eventOpened', { name: opened.name, number: opened.number })}</Notice>
      )}
      <Failure of={closing.error} />
      {open.kind === 'event' && (
        <EventPanel
          onCancel={shut}
          onOpened={(line) => {
            setOpened(line)
            shut()
          }}
        />
      )}
      {open.kind === 'general' && <LinePanel line={null} onDone={shut} />}
      {open.kind === 'greeting' && (
        <PromptPanel
          key={`greeting ${open.line.lineId}`}
          title={`${say('lines.greeting')} · ${open.line.name}`}
          prompt={{ key: lineGreeting(open.line.lineId), language: open.line.language, part: 0, words: '' }}
          onDone={shut}
        />
      )}
      {open.kind === 'change' && <LinePanel key={open.line.lineId} line={open.line} onDone={shut} />}
      <KeyedList<Line>
        name="lines"
        read={(query) => request(listLines, { query })}
        rowKey={(line) => line.lineId}
        empty={say('lines.empty')}
        actions={
          <>
            {mayChange && (
              <button type="button" className="plain" onClick={() => setOpen({ kind: 'general' })}>
                {say('lines.addGeneral')}
              </button>
            )}
            <button type="button" className="main-button" onClick={() => setOpen({ kind: 'event' })}>
              {say('lines.openEvent')}
            </button>
          </>
        }
        columns={[
          { title: say('admin.name'), dataIndex: 'name' },
          { title: say('lines.number'), dataIndex: 'number', className: 'number' },
          { title: say('lines.kind'), render: (_, line) => say(`lines.kind.${line.kind}`) },
          {
            title: say('lines.state'),
            render: (_, line) =>
              line.closedAt
                ? say('lines.closed', { day: dayOf(Date.parse(line.closedAt), zone) })
                : say('lines.open'),
          },
          { title: say('lines.peopleCount'), dataIndex: 'people', className: 'number' },
          {
            title: '',
            render: (_, line) =>
              line.closedAt === null && (
                <span className="row">
                  {mayRecord && (
                    <button
                      type="button"
                      className="plain"
                      onClick={() => setOpen({ kind: 'greeting', line })}
                    >
                      {say('lines.greeting')}
                    </button>
                  )}
                  {mayChange && (
                    <button type="button" className="plain" onClick={() => setOpen({ kind: 'change', line })}>
                      {say('admin.change')}
                    </button>
                  )}
                  <Popconfirm
                    title={say('lines.close')}
                    description={say('lines.closeWhat')}
                    okText={say('lines.close')}
                    cancelText={say('admin.cancel')}
                    onConfirm={() => closing.mutate(line.lineId)}
                  >
                    <button type="button" className="plain">
                      {say('lines.close')}
                    </button>
                  </Popconfirm>
                </span>
              ),
          },
        ]}
      />
    </div>
  )
}
