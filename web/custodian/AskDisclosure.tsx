import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { askDisclosure, listReceivers, lookAtContents } from '../../api/disclosure.ts'
import type { Reply } from '../../api/endpoint.ts'
import {
  basesOf,
  disclosureFacts,
  disclosurePurposes,
  factMayLeave,
  needsDocument,
  soundMayLeave,
  type DisclosureBasis,
  type DisclosureFault,
  type DisclosurePurpose,
} from '../../domain/disclosure.ts'
import { Field, OneOf, SomeOf, Text } from '../ui/form/Fields.tsx'
import { Failure } from '../ui/Notice.tsx'
import { Refusal, request } from '../ui/request.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

type Contents = Reply<typeof lookAtContents>

interface Draft {
  receiverId: string
  purpose: DisclosurePurpose | null
  basis: DisclosureBasis | null
  document: string
  numbers: string
  facts: string[]
  questions: string[]
  sound: boolean
  words: string
}
const empty: Draft = {
  receiverId: '',
  purpose: null,
  basis: null,
  document: '',
  numbers: '',
  facts: [],
  questions: [],
  sound: false,
  words: '',
}
type Change = (part: Partial<Draft>) => void

const numbersIn = (text: string): number[] =>
  [...new Set((text.match(/\d+/g) ?? []).map(Number))].filter((number) => number > 0)

/** What stands against a request, in words. */
function Reasons({ of }: { of: unknown }) {
  const { say } = useWords()
  if (!(of instanceof Refusal) || !Array.isArray(of.detail['reasons'])) return null
  return (
    <ul>
      {of.detail['reasons'].map((reason) => (
        <li key={String(reason)}>{say(`disclosure.fault.${reason as DisclosureFault}`)}</li>
      ))}
    </ul>
  )
}

function WhatFor({ draft, change }: { draft: Draft; change: Change }) {
  const { say } = useWords()
  const receivers = useQuery({
    queryKey: ['disclosures', 'receivers', 'all'],
    queryFn: () => request(listReceivers, { query: { limit: 100 } }),
  })
  return (
    <>
      <Field name="disclosure-receiver" label={say('disclosure.receiver')}>
        <select
          className="box"
          aria-label={say('disclosure.receiver')}
          value={draft.receiverId}
          onChange={(event) => change({ receiverId: event.target.value })}
        >
          <option value="">{say('disclosure.chooseReceiver')}</option>
          {receivers.data?.rows.map((each) => (
            <option key={each.receiverId} value={each.receiverId}>
              {each.name} · {each.recipient.slice(0, 12)}…
            </option>
          ))}
        </select>
      </Field>
      {receivers.data?.rows.length === 0 && <p className="quiet">{say('receiver.empty')}</p>}
      <Field name="disclosure-purpose" label={say('disclosure.purpose')}>
        <OneOf
          choices={disclosurePurposes.map((code) => ({ code, words: say(`disclosure.purpose.${code}`) }))}
          value={draft.purpose}
          onChange={(code) => {
            const purpose = disclosurePurposes.find((each) => each === code) ?? null
            // What may leave for one purpose is not what may for another: the choice begins anew.
            change({ purpose, basis: null, facts: [], questions: [], sound: false })
          }}
        />
      </Field>
      {draft.purpose && (
        <Field name="disclosure-basis" label={say('disclosure.basis')}>
          <OneOf
            choices={basesOf(draft.purpose).map((code) => ({ code, words: say(`disclosure.basis.${code}`) }))}
            value={draft.basis}
            onChange={(code) =>
              change({
                basis: (draft.purpose && basesOf(draft.purpose).find((each) => each === code)) ?? null,
                sound: false,
              })
            }
          />
        </Field>
      )}
      {draft.basis && needsDocument(draft.basis) && (
        <Field name="disclosure-document" label={say('disclosure.document')}>
          <input
            className="box"
            maxLength={200}
            aria-label={say('disclosure.document')}
            value={draft.document}
            onChange={(event) => change({ document: event.target.value })}
          />
        </Field>
      )}
    </>
  )
}

function Choices({ draft, change, contents }: { draft: Draft; change: Change; contents: Contents }) {
  const { say, language } = useWords()
  const { purpose, basis } = draft
  if (!purpose || !basis) return null
  const recordings = contents.contacts.reduce((sum, each) => sum + each.recordings, 0)
  const questions = contents.questions.filter((each) => purpose !== 'evaluation' || !each.identifying)
  return (
    <>
      <ul className="disclosure-list">
        {contents.contacts.map((each) => (
          <li key={each.number}>
            {say('call.number', { number: each.number })} · <When at={each.startedAt} /> ·{' '}
            <span className={basis === 'consent' && each.consent !== 'given' ? 'tag tag-soon' : 'quiet'}>
              {say(`disclosure.consent.${each.consent ?? 'none'}`)}
            </span>
          </li>
        ))}
      </ul>
      <Field name="disclosure-facts" label={say('disclosure.facts')}>
        <SomeOf
          choices={disclosureFacts
            .filter((fact) => factMayLeave(purpose, fact))
            .map((code) => ({ code, words: say(`disclosure.fact.${code}`) }))}
          value={draft.facts}
          onChange={(facts) => change({ facts })}
        />
      </Field>
      <Field
        name="disclosure-questions"
        label={say('disclosure.questions')}
        hint={say('disclosure.questionsHint')}
      >
        {questions.length === 0 && <p className="quiet">{say('disclosure.noQuestions')}</p>}
        <SomeOf
          choices={questions.map((each) => ({
            code: each.linkId,
            words: `${language === 'en' ? each.en : each.zh}${each.identifying ? ` · ${say('disclosure.identifying')}` : ''}`,
          }))}
          value={draft.questions}
          onChange={(chosen) => change({ questions: chosen })}
        />
      </Field>
      {recordings > 0 && soundMayLeave(purpose, basis) && (
        <label className="row">
          <input
            type="checkbox"
            checked={draft.sound}
            onChange={(event) => change({ sound: event.target.checked })}
          />
          {say('disclosure.sound', { n: recordings })}
        </label>
      )}
      <Field name="disclosure-words" label={say('disclosure.reason')}>
        <Text
          label={say('disclosure.reason')}
          hint={say('disclosure.reasonHint')}
          value={draft.words}
          max={2000}
          onChange={(words) => change({ words })}
        />
      </Field>
    </>
  )
}

/** Asks for a disclosure: to whom, for what, on which basis, of which contacts, and the least of them item by item. */
export function AskDisclosure({ onDone }: { onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useState(empty)
  const change: Change = (part) => setDraft({ ...draft, ...part })
  const looking = useMutation({
    mutationFn: (given: { numbers: string; purpose: DisclosurePurpose }) =>
      request(lookAtContents, {
        body: { contactNumbers: numbersIn(given.numbers), purpose: given.purpose },
      }),
  })
  const asking = useMutation({
    mutationFn: ({ numbers, purpose, basis, facts, ...rest }: Draft) =>
      request(askDisclosure, {
        body: {
          ...rest,
          purpose: purpose ?? 'continued-care',
          basis: basis ?? 'consent',
          facts: disclosureFacts.filter((fact) => facts.includes(fact)),
          contactNumbers: numbersIn(numbers),
        },
      }),
    onSuccess: async ({ disclosureId }) => {
      await cache.invalidateQueries({ queryKey: ['disclosures'] })
      await navigate({ to: '/custody/disclosures/$id', params: { id: disclosureId } })
    },
  })
  const { purpose, basis } = draft
  const named = purpose && basis && draft.receiverId !== '' && numbersIn(draft.numbers).length > 0
  const chosen = draft.facts.length > 0 || draft.questions.length > 0 || draft.sound
  return (
    <section className="card stack" aria-label={say('disclosure.ask')}>
      <h2>{say('disclosure.ask')}</h2>
      <WhatFor draft={draft} change={change} />
      <Field
        name="disclosure-contacts"
        label={say('disclosure.contacts')}
        hint={say('disclosure.contactsHint')}
      >
        <input
          className="box"
          inputMode="numeric"
          maxLength={400}
          aria-label={say('disclosure.contacts')}
          value={draft.numbers}
          onChange={(event) => {
            looking.reset()
            change({ numbers: event.target.value, facts: [], questions: [], sound: false })
          }}
        />
      </Field>
      {looking.data && <Choices draft={draft} change={change} contents={looking.data} />}
      <Failure of={looking.error ?? asking.error} />
      <Reasons of={asking.error} />
      <div className="row">
        {looking.data ? (
          <button
            type="button"
            className="main-button"
            disabled={!named || !chosen || draft.words.trim() === '' || asking.isPending}
            onClick={() => asking.mutate(draft)}
          >
            {say('disclosure.send')}
          </button>
        ) : (
          <button
            type="button"
            className="main-button"
            disabled={!named || looking.isPending}
            onClick={() => purpose && looking.mutate({ numbers: draft.numbers, purpose })}
          >
            {say('disclosure.look')}
          </button>
        )}
        <button type="button" className="plain" onClick={onDone}>
          {say('do.cancel')}
        </button>
      </div>
    </section>
  )
}
