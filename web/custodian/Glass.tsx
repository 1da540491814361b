import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { glassFindings, listGlass, reviewGlass, type GlassRow } from '../../api/oversight.ts'
import { Field, OneOf, Text } from '../ui/form/Fields.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useMay, useMe } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { OversightMenu } from './OversightMenu.tsx'

type Finding = (typeof glassFindings)[number]

function Review({ glass }: { glass: GlassRow }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [finding, setFinding] = useState<Finding | null>(null)
  const [words, setWords] = useState('')
  const judging = useMutation({
    mutationFn: (given: { finding: Finding; words: string }) =>
      request(reviewGlass, { params: { breakGlassId: glass.breakGlassId }, body: given }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['glass'] }),
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (finding) judging.mutate({ finding, words: words.trim() })
      }}
    >
      <Field name={`finding-${glass.breakGlassId}`} label={say('glass.finding')}>
        <OneOf
          choices={glassFindings.map((code) => ({ code, words: say(`glass.finding.${code}`) }))}
          value={finding}
          onChange={(code) => setFinding(glassFindings.find((each) => each === code) ?? null)}
        />
      </Field>
      <Field name={`words-${glass.breakGlassId}`} label={say('glass.words')}>
        <Text label={say('glass.words')} value={words} max={1000} onChange={setWords} />
      </Field>
      <Failure of={judging.error} />
      <div className="row">
        <button
          type="submit"
          className="main-button"
          disabled={finding === null || words.trim() === '' || judging.isPending}
        >
          {say('glass.save')}
        </button>
      </div>
    </form>
  )
}

function Row({ glass }: { glass: GlassRow }) {
  const { say } = useWords()
  const me = useMe()
  const access = useMay('access.see')
  return (
    <li className="card stack">
      <div className="row">
        <span className="strong">{glass.person}</span>
        <span>{say('call.number', { number: glass.number })}</span>
        {access && (
          <Link to="/custody/access" search={{ number: String(glass.number) }}>
            {say('glass.seeAccess')}
          </Link>
        )}
      </div>
      <div>{glass.reason}</div>
      <div className="quiet">
        <When at={glass.at} /> · {say('glass.lasts')} <When at={glass.until} />
      </div>
      {glass.finding && (
        <div>
          {say('glass.reviewed', {
            person: glass.reviewedBy ?? '',
            finding: say(`glass.finding.${glass.finding}`),
            words: glass.words,
          })}{' '}
          <span className="quiet">
            <When at={glass.reviewedAt} />
          </span>
        </div>
      )}
      {glass.finding === null &&
        (glass.personId === me.personId ? (
          <p className="quiet">{say('glass.mine')}</p>
        ) : (
          <Review glass={glass} />
        ))}
    </li>
  )
}

/** Accesses in emergencies: those to be reviewed, and those that were. */
export function Glass() {
  const { say } = useWords()
  const [open, setOpen] = useState<'yes' | 'no'>('yes')
  const [text, setText] = useState('')
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['glass', open, text, after],
    queryFn: () => request(listGlass, { query: { open, after, ...(text === '' ? {} : { text }) } }),
    placeholderData: keepPreviousData,
  })
  return (
    <div className="stack">
      <OversightMenu />
      <div className="row">
        <SearchBox
          label={say('glass.search')}
          onSearch={(wanted) => {
            setText(wanted)
            setAfter(undefined)
          }}
        />
        <OneOf
          choices={(['yes', 'no'] as const).map((code) => ({ code, words: say(`glass.list.${code}`) }))}
          value={open}
          onChange={(code) => {
            setOpen(code === 'no' ? 'no' : 'yes')
            setAfter(undefined)
          }}
        />
      </div>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">{say(text === '' ? `glass.empty.${open}` : 'glass.emptyFiltered')}</p>
      )}
      <ul className="cards">
        {data?.rows.map((glass) => (
          <Row key={glass.breakGlassId} glass={glass} />
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
