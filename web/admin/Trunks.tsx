import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { listTrunks, removeTrunk, type trunk } from '../../api/administration.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { Since } from '../ui/When.tsx'
import { useWords, type WordKey } from '../ui/words.ts'
import { Heard } from './Heard.tsx'
import { KeyedList } from './KeyedList.tsx'
import { RemoveButton } from './RemoveButton.tsx'
import { TrunkPanel } from './TrunkPanel.tsx'

type Trunk = z.output<typeof trunk>

const marks = { up: '●', down: '▲', refusing: '◆', unknown: '○' }

/** What is said of a trunk: one that nobody asks is known by its calls alone. */
const stateOf = ({ watched, kind, state }: Trunk): WordKey =>
  watched || kind === 'registration' || state === 'refusing'
    ? `trunks.state.${state}`
    : 'trunks.state.unwatched'

/** How a trunk stands, and since when, if not well. */
function State({ trunk: row }: { trunk: Trunk }) {
  const { say } = useWords()
  const trouble = row.troubles.find(({ kind }) => kind === `trunk-${row.state}`)
  return (
    <>
      <div>
        {marks[row.state]} {say(stateOf(row))}
      </div>
      {trouble && (
        <div className="quiet">
          {say('trunks.for')} <Since at={trouble.since} />
        </div>
      )}
    </>
  )
}

/** Trunks to the telephone network. */
export function Trunks() {
  const { say } = useWords()
  const cache = useQueryClient()
  const [open, setOpen] = useState<Trunk | 'new' | null>(null)
  const removing = useMutation({
    mutationFn: (trunkId: string) => request(removeTrunk, { params: { trunkId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['trunks'] }),
  })
  return (
    <div className="stack">
      <Failure of={removing.error} />
      {open !== null && (
        <TrunkPanel
          key={open === 'new' ? 'new' : open.trunkId}
          trunk={open === 'new' ? null : open}
          onDone={() => setOpen(null)}
        />
      )}
      <KeyedList<Trunk>
        name="trunks"
        read={(query) => request(listTrunks, { query })}
        rowKey={(row) => row.trunkId}
        empty={say('trunks.empty')}
        actions={
          <button type="button" className="main-button" onClick={() => setOpen('new')}>
            {say('admin.add')}
          </button>
        }
        columns={[
          { title: say('admin.name'), render: (_, row) => <span className="row-name">{row.name}</span> },
          { title: say('trunks.rank'), className: 'number', dataIndex: 'rank' },
          { title: say('trunks.kind'), render: (_, row) => say(`trunks.kind.${row.kind}`) },
          {
            title: say('trunks.host'),
            className: 'number',
            render: (_, row) => (
              <span className="row-name">
                {row.host}:{row.port} {row.transport.toUpperCase()}
              </span>
            ),
          },
          { title: say('trunks.shown'), render: (_, row) => row.callerNumber ?? say('admin.none') },
          {
            title: say('lines.state'),
            render: (_, row) => <State trunk={row} />,
          },
          {
            title: say('admin.heard'),
            className: 'number',
            render: (_, row) => (
              <>
                <Heard heard={row.heard} />
                {row.troubles.some(({ kind }) => kind === 'trunk-poor') && (
                  <div className="soon">! {say('trunks.poor')}</div>
                )}
              </>
            ),
          },
          {
            title: '',
            render: (_, row) => (
              <span className="row">
                <button type="button" className="plain" onClick={() => setOpen(row)}>
                  {say('admin.change')}
                </button>
                <RemoveButton onRemove={() => removing.mutate(row.trunkId)} />
              </span>
            ),
          },
        ]}
      />
    </div>
  )
}
