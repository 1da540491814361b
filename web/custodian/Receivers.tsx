import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addReceiver, listReceivers, removeReceiver, type Receiver } from '../../api/disclosure.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

/** First part of the query keys of the register: a live `changed` event reads all of them again. */
const key = 'disclosures'
const empty = { name: '', recipient: '', checked: '' }

function Line({
  label,
  hint,
  value,
  max,
  onChange,
}: {
  label: string
  hint?: string
  value: string
  max: number
  onChange: (value: string) => void
}) {
  return (
    <label>
      <span className="strong">{label}</span> {hint && <span className="hint">{hint}</span>}
      <input
        className="box"
        maxLength={max}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

function AddPanel({ onDone }: { onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [draft, setDraft] = useState(empty)
  const adding = useMutation({
    mutationFn: (given: typeof empty) => request(addReceiver, { body: given }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: [key] })
      onDone()
    },
  })
  const whole = Object.values(draft).every((each) => each.trim() !== '')
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        adding.mutate(draft)
      }}
    >
      <h2>{say('receiver.add')}</h2>
      <Line
        label={say('receiver.name')}
        value={draft.name}
        max={120}
        onChange={(name) => setDraft({ ...draft, name })}
      />
      <Line
        label={say('receiver.recipient')}
        hint={say('receiver.recipientHint')}
        value={draft.recipient}
        max={200}
        onChange={(recipient) => setDraft({ ...draft, recipient })}
      />
      <Line
        label={say('receiver.checked')}
        hint={say('receiver.checkedHint')}
        value={draft.checked}
        max={300}
        onChange={(checked) => setDraft({ ...draft, checked })}
      />
      <Failure of={adding.error} />
      <div className="row">
        <button type="submit" className="main-button" disabled={!whole || adding.isPending}>
          {say('receiver.save')}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {say('do.cancel')}
        </button>
      </div>
    </form>
  )
}

function Row({ receiver, mayChange }: { receiver: Receiver; mayChange: boolean }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [sure, setSure] = useState(false)
  const removing = useMutation({
    mutationFn: () => request(removeReceiver, { params: { receiverId: receiver.receiverId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: [key] }),
  })
  return (
    <li className="card stack">
      <div className="spread">
        <span className="strong">{receiver.name}</span>
        {mayChange && (
          <button
            type="button"
            className="plain"
            disabled={removing.isPending}
            onClick={() => (sure ? removing.mutate() : setSure(true))}
          >
            {say(sure ? 'receiver.removeSure' : 'receiver.remove')}
          </button>
        )}
      </div>
      <code className="custody-hash">{receiver.recipient}</code>
      <div className="quiet">
        {receiver.checked} · {say('receiver.addedBy', { person: receiver.addedBy })} ·{' '}
        <When at={receiver.addedAt} />
      </div>
      <Failure of={removing.error} />
    </li>
  )
}

/** Institutions that may be given packages, and their public keys. */
export function Receivers() {
  const { say } = useWords()
  const mayChange = useMay('disclosure.ask')
  const [text, setText] = useState('')
  const [after, setAfter] = useState<string | undefined>(undefined)
  const [adding, setAdding] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: [key, 'receivers', text, after],
    queryFn: () => request(listReceivers, { query: { after, ...(text === '' ? {} : { text }) } }),
    placeholderData: keepPreviousData,
  })
  return (
    <div className="stack">
      <div className="spread">
        <SearchBox
          label={say('receiver.search')}
          onSearch={(wanted) => {
            setText(wanted)
            setAfter(undefined)
          }}
        />
        {mayChange && !adding && (
          <button type="button" className="main-button" onClick={() => setAdding(true)}>
            {say('receiver.add')}
          </button>
        )}
      </div>
      {adding && <AddPanel onDone={() => setAdding(false)} />}
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={4} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(text === '' ? 'receiver.empty' : 'receiver.emptyFiltered')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((receiver) => (
          <Row key={receiver.receiverId} receiver={receiver} mayChange={mayChange} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
