import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Input } from '../../api/endpoint.ts'
import { addEntry, closeIncident, reopenIncident, type IncidentRow } from '../../api/incidents.ts'
import { Field, OneOf, Text } from '../ui/form/Fields.tsx'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

const kinds = ['note', 'measure', 'told', 'contact', 'correction'] as const
type Kind = (typeof kinds)[number] | 'closed'
type Body = Input<typeof addEntry>['body']

interface Draft {
  words: string
  to: string
  contactNumber: string
  corrects: string
}

/** What goes to the server, or null while something is missing. */
function bodyOf(kind: (typeof kinds)[number], draft: Draft): Body | null {
  const words = draft.words.trim()
  const [contactNumber, corrects] = [Number(draft.contactNumber), Number(draft.corrects)]
  if (kind === 'contact')
    return Number.isInteger(contactNumber) && contactNumber > 0 ? { kind, contactNumber, words } : null
  if (words === '') return null
  if (kind === 'told') return draft.to.trim() === '' ? null : { kind, words, to: draft.to.trim() }
  if (kind === 'correction')
    return Number.isInteger(corrects) && corrects > 0 ? { kind, words, corrects } : null
  return { kind, words }
}

function Fields({
  kind,
  draft,
  change,
}: {
  kind: Kind
  draft: Draft
  change: (part: Partial<Draft>) => void
}) {
  const { say } = useWords()
  const words = say(
    kind === 'contact'
      ? 'incident.contactWords'
      : kind === 'closed'
        ? 'incident.closeWords'
        : 'incident.words',
  )
  return (
    <>
      {kind === 'told' && (
        <label>
          <span className="strong">{say('incident.to')}</span>
          <input
            className="box"
            maxLength={120}
            value={draft.to}
            onChange={(event) => change({ to: event.target.value })}
          />
        </label>
      )}
      {kind === 'contact' && (
        <label>
          <span className="strong">{say('incident.contactNumber')}</span>
          <input
            className="box filter-box"
            type="number"
            min={1}
            inputMode="numeric"
            value={draft.contactNumber}
            onChange={(event) => change({ contactNumber: event.target.value })}
          />
        </label>
      )}
      {kind === 'correction' && (
        <label>
          <span className="strong">{say('incident.corrects')}</span>
          <input
            className="box filter-box"
            type="number"
            min={1}
            inputMode="numeric"
            value={draft.corrects}
            onChange={(event) => change({ corrects: event.target.value })}
          />
        </label>
      )}
      <Field name="entry-words" label={words}>
        <Text label={words} value={draft.words} max={4000} onChange={(text) => change({ words: text })} />
      </Field>
    </>
  )
}

/** Adds to an incident's log, closes it, or opens it again: always with words. */
export function AddEntry({
  incident,
  corrects,
  onDone,
}: {
  incident: IncidentRow
  /** The entry that is being corrected, or null. */
  corrects: number | null
  onDone: () => void
}) {
  const { say } = useWords()
  const cache = useQueryClient()
  const params = { incidentId: incident.incidentId }
  const start: Draft = {
    words: '',
    to: '',
    contactNumber: '',
    corrects: corrects === null ? '' : String(corrects),
  }
  const [kind, setKind] = useState<Kind>(corrects === null ? 'note' : 'correction')
  const [draft, setDraft] = useState(start)
  const open = incident.state === 'open'
  const body = open && kind !== 'closed' ? bodyOf(kind, draft) : null
  const words = draft.words.trim()
  const saving = useMutation({
    mutationFn: () => {
      if (body) return request(addEntry, { params, body })
      return request(open ? closeIncident : reopenIncident, { params, body: { words } })
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['incidents'] })
      setDraft({ ...start, corrects: '' })
      setKind('note')
      onDone()
    },
  })
  const ready = body !== null || ((!open || kind === 'closed') && words !== '')
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) saving.mutate()
      }}
    >
      {open ? (
        <>
          <OneOf
            choices={[...kinds, 'closed' as const].map((code) => ({
              code,
              words: say(code === 'closed' ? 'incident.close' : `incident.entry.${code}`),
            }))}
            value={kind}
            onChange={(code) => setKind([...kinds, 'closed' as const].find((each) => each === code) ?? kind)}
          />
          <Fields kind={kind} draft={draft} change={(part) => setDraft({ ...draft, ...part })} />
        </>
      ) : (
        <Field name="entry-words" label={say('incident.reopenWords')}>
          <Text
            label={say('incident.reopenWords')}
            value={draft.words}
            max={4000}
            onChange={(text) => setDraft({ ...draft, words: text })}
          />
        </Field>
      )}
      <Failure of={saving.error} />
      <div className="row">
        <button
          type="submit"
          className={open ? 'main-button' : 'plain'}
          disabled={!ready || saving.isPending}
        >
          {say(open ? (kind === 'closed' ? 'incident.close' : 'incident.add') : 'incident.reopen')}
        </button>
      </div>
    </form>
  )
}
