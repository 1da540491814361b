import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import { addRegisterStep, closeRegisterEntry, readRegisterEntry } from '../../api/registers.ts'
import { stepsOf } from '../../domain/register.ts'
import { Field, OneOf, Text } from '../ui/form/Fields.tsx'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { OversightMenu } from './OversightMenu.tsx'
import { RegisterFacts, RegisterState } from './Registers.tsx'

type Entry = Reply<typeof readRegisterEntry>
type Step = (typeof stepsOf)[Entry['kind']][number]

/** Adds a step to an open entry, or closes it when nothing is missing. */
function Work({ entry }: { entry: Entry }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [kind, setKind] = useState<Step | 'closed' | null>(null)
  const [words, setWords] = useState('')
  const params = { entryId: entry.entryId }
  const adding = useMutation({
    mutationFn: (step: Step | 'closed') =>
      step === 'closed'
        ? request(closeRegisterEntry, { params, body: { words: words.trim() } })
        : request(addRegisterStep, { params, body: { kind: step, words: words.trim() } }),
    onSuccess: () => {
      setKind(null)
      setWords('')
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ['registers'] }),
  })
  const steps: readonly Step[] = stepsOf[entry.kind]
  const choices = entry.missing.length === 0 ? [...steps, 'closed' as const] : steps
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (kind) adding.mutate(kind)
      }}
    >
      <h2>{say('register.addStep')}</h2>
      {entry.missing.length > 0 && (
        <p className="quiet">
          {say('register.missing', {
            steps: entry.missing
              .map((group) => group.map((step) => say(`register.step.${step}`)).join(say('register.or')))
              .join(' · '),
          })}
        </p>
      )}
      <OneOf
        choices={choices.map((code) => ({ code, words: say(`register.step.${code}`) }))}
        value={kind}
        onChange={(code) => setKind(choices.find((each) => each === code) ?? null)}
      />
      <Field name="step-words" label={say(kind === 'closed' ? 'register.closeWords' : 'register.words')}>
        <Text label={say('register.words')} value={words} max={4000} rows={3} onChange={setWords} />
      </Field>
      <Failure of={adding.error} />
      <div className="row">
        <button
          type="submit"
          className="main-button"
          disabled={kind === null || words.trim() === '' || adding.isPending}
        >
          {say(kind === 'closed' ? 'register.close' : 'register.add')}
        </button>
      </div>
    </form>
  )
}

/** One entry of a register with its steps. */
export function RegisterEntry() {
  const { say } = useWords()
  const { id = '' } = useParams({ strict: false })
  const works = useMay('register.work')
  const { data, error, refetch } = useQuery({
    queryKey: ['registers', id],
    queryFn: () => request(readRegisterEntry, { params: { entryId: id } }),
    refetchOnWindowFocus: false,
  })
  return (
    <div className="stack">
      <OversightMenu />
      <Link to="/custody/registers">← {say('register.back')}</Link>
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data && (
        <>
          <div className="row">
            <RegisterState entry={data} />
            <h2>{data.title}</h2>
          </div>
          <RegisterFacts entry={data} />
          {works && data.closedAt === null && <Work entry={data} />}
          <section className="card stack">
            <h2>{say('register.steps')}</h2>
            <ol className="timeline">
              {data.steps.map((step) => (
                <li key={step.seq}>
                  <When at={step.at} />
                  <span>
                    <span className="strong">{say(`register.step.${step.kind}`)}</span> {step.words}{' '}
                    <span className="quiet">· {step.person}</span>
                  </span>
                </li>
              ))}
            </ol>
          </section>
        </>
      )}
    </div>
  )
}
