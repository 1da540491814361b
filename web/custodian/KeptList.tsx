import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keptFilters, listKept, proposeDisposal } from '../../api/retention.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useMay } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import { KeptPanel } from './KeptPanel.tsx'
import { KeptTable, openButton } from './KeptTable.tsx'

type Only = (typeof keptFilters)[number]

const numberOf = (text: string): number | undefined => {
  const digits = text.replace(/\D/g, '').slice(0, 12)
  return digits === '' || Number(digits) < 1 ? undefined : Number(digits)
}

function Propose({ chosen, done }: { chosen: string[]; done: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const proposing = useMutation({
    mutationFn: () => request(proposeDisposal, { body: { contactIds: chosen } }),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: ['custody'] }),
  })
  return (
    <div className="stack">
      <div className="row">
        <button
          type="button"
          className="main-button"
          disabled={chosen.length === 0 || proposing.isPending}
          onClick={() => proposing.mutate()}
        >
          {say('custody.propose', { n: chosen.length })}
        </button>
        <span className="quiet">{say('custody.proposeHint')}</span>
      </div>
      {proposing.isSuccess && chosen.length === 0 && <Notice tone="good">{say('custody.proposed')}</Notice>}
      <Failure of={proposing.error} />
    </div>
  )
}

/** Contacts by how they are kept: what is due, held, restricted, filed; one of them opened above the list. */
export function KeptList() {
  const { say } = useWords()
  const works = useMay('custody.work')
  const [only, setOnly] = useState<Only>('due')
  const [number, setNumber] = useState<number | undefined>(undefined)
  const [after, setAfter] = useState<string | undefined>(undefined)
  const [chosen, setChosen] = useState<string[]>([])
  const [open, setOpen] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['custody', 'contacts', only, number, after],
    queryFn: () => request(listKept, { query: { only, after, ...(number === undefined ? {} : { number }) } }),
    placeholderData: keepPreviousData,
  })
  const show = (wanted: Only): void => {
    setOnly(wanted)
    setAfter(undefined)
    setChosen([])
  }
  const close = (): void => {
    setOpen(null)
    if (open !== null) document.getElementById(openButton(open))?.focus()
  }
  const choosing = works && only === 'due'
  return (
    <div className="stack">
      <div className="row">
        <select
          className="box filter-box"
          aria-label={say('custody.only')}
          value={only}
          onChange={(event) => show(keptFilters.find((each) => each === event.target.value) ?? 'due')}
        >
          {keptFilters.map((each) => (
            <option key={each} value={each}>
              {say(`custody.only.${each}`)}
            </option>
          ))}
        </select>
        <SearchBox
          label={say('custody.number')}
          onSearch={(text) => {
            setNumber(numberOf(text))
            setAfter(undefined)
          }}
        />
      </div>
      {open !== null && <KeptPanel key={open} contactId={open} close={close} />}
      {choosing && data && data.rows.length > 0 && <Propose chosen={chosen} done={() => setChosen([])} />}
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data && (
        <KeptTable
          rows={data.rows}
          empty={
            number === undefined ? say(`custody.empty.${only}`) : say('custody.noneFound', { n: number })
          }
          open={works ? setOpen : undefined}
          chosen={chosen}
          choose={choosing ? setChosen : undefined}
        />
      )}
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
