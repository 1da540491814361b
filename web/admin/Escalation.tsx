import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import InputNumber from 'antd/es/input-number'
import { useState } from 'react'
import { changeEscalation, changeOnCall, readEscalation } from '../../api/crisis.ts'
import type { Reply } from '../../api/endpoint.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

type Settings = Reply<typeof readEscalation>
type OnCall = Settings['onCall'][number]
interface Seconds {
  next: number
  all: number
  ringAgain: number
}

function Times({ escalation }: { escalation: Settings['escalation'] }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const saving = useMutation({
    mutationFn: ({ next, all, ringAgain }: Seconds) =>
      request(changeEscalation, {
        body: { nextMs: next * 1000, allMs: all * 1000, ringAgainMs: ringAgain * 1000 },
      }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['escalation'] }),
  })
  const required = [{ required: true, message: say('admin.required') }]
  return (
    <Form<Seconds>
      layout="vertical"
      requiredMark={false}
      className="card stack"
      initialValues={{
        next: escalation.nextMs / 1000,
        all: escalation.allMs / 1000,
        ringAgain: escalation.ringAgainMs / 1000,
      }}
      onFinish={(seconds) => saving.mutate(seconds)}
    >
      <p className="quiet">{say('escalation.why')}</p>
      <div className="admin-fields">
        <Form.Item name="next" label={say('escalation.next')} rules={required}>
          <InputNumber min={10} max={3600} precision={0} />
        </Form.Item>
        <Form.Item
          name="all"
          label={say('escalation.all')}
          dependencies={['next']}
          rules={[
            ...required,
            ({ getFieldValue }) => ({
              validator: (_, value: unknown) =>
                Number(value) > Number(getFieldValue('next'))
                  ? Promise.resolve()
                  : Promise.reject(new Error(say('escalation.order'))),
            }),
          ]}
        >
          <InputNumber min={20} max={7200} precision={0} />
        </Form.Item>
        <Form.Item name="ringAgain" label={say('escalation.ringAgain')} rules={required}>
          <InputNumber min={30} max={3600} precision={0} />
        </Form.Item>
      </div>
      <Failure of={saving.error} />
      {saving.isSuccess && <Notice tone="good">{say('escalation.saved')}</Notice>}
      <div className="row">
        <button type="submit" className="main-button" disabled={saving.isPending}>
          {say('admin.save')}
        </button>
      </div>
    </Form>
  )
}

function Person({ person }: { person: OnCall }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [phone, setPhone] = useState('')
  const saving = useMutation({
    mutationFn: (given: { onCall: boolean; phone?: string }) =>
      request(changeOnCall, { params: { personId: person.personId }, body: given }),
    onSuccess: async () => {
      setPhone('')
      await cache.invalidateQueries({ queryKey: ['escalation'] })
    },
  })
  const typed = phone.trim() === '' ? {} : { phone: phone.trim() }
  const silent = person.onCall && person.phone === null
  return (
    <li className="on-call">
      <span className="strong">{person.name}</span>
      <span className={`number ${silent ? 'soon' : 'quiet'}`}>
        {silent && '! '}
        {person.phone ?? say('escalation.noPhone')}
      </span>
      <input
        className="box"
        inputMode="tel"
        autoComplete="off"
        maxLength={20}
        pattern="[0-9+*#]{2,20}"
        value={phone}
        aria-label={`${say('escalation.phone')}: ${person.name}`}
        placeholder={say('escalation.phone')}
        onChange={(event) => setPhone(event.target.value)}
      />
      <button
        type="button"
        className="plain"
        disabled={phone.trim() === '' || saving.isPending}
        onClick={() => saving.mutate({ onCall: person.onCall, ...typed })}
      >
        {say('admin.save')}
      </button>
      <button
        type="button"
        className="plain toggle"
        aria-pressed={person.onCall}
        disabled={saving.isPending}
        onClick={() => saving.mutate({ onCall: !person.onCall, ...typed })}
      >
        {person.onCall ? '✓ ' : ''}
        {say(person.onCall ? 'escalation.isOnCall' : 'escalation.notOnCall')}
      </button>
      <Failure of={saving.error} />
    </li>
  )
}

/** How unacknowledged reports escalate, and whose phones ring at the last stage. */
export function Escalation() {
  const { say } = useWords()
  const [text, setText] = useState('')
  const query = useQuery({ queryKey: ['escalation'], queryFn: () => request(readEscalation, {}) })
  if (query.isPending) return <Skeleton lines={6} />
  if (query.isError) return <FailedPart of={query.error} retry={() => void query.refetch()} />
  const { escalation, onCall } = query.data
  const people = onCall
    .filter((person) => person.name.toLowerCase().includes(text.trim().toLowerCase()))
    .toSorted((one, other) => Number(other.onCall) - Number(one.onCall))
  const reachable = onCall.some((person) => person.onCall && person.phone !== null)
  return (
    <div className="stack">
      <Times escalation={escalation} />
      <section className="card stack">
        <h2>{say('escalation.onCall')}</h2>
        <p className="quiet">{say('escalation.onCallHint')}</p>
        {!reachable && <Notice tone="soon">{say('escalation.nobody')}</Notice>}
        <input
          type="search"
          className="box search-box"
          maxLength={60}
          aria-label={say('escalation.search')}
          placeholder={say('escalation.search')}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <ul className="on-call-list">
          {people.map((person) => (
            <Person key={person.personId} person={person} />
          ))}
        </ul>
      </section>
    </div>
  )
}
