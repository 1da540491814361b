import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Failure, Notice } from '../../ui/Notice.tsx'
import { Refusal } from '../../ui/request.ts'
import { useWords } from '../../ui/words.ts'
import { When } from '../../ui/When.tsx'
import { Changes } from './Changes.tsx'
import type { Draft } from './draft.ts'

function Last({ draft }: { draft: Draft }) {
  const { say } = useWords()
  const { version, publishedAt, publishedBy, note } = draft.given
  if (version === 0) return <p className="quiet">{say('forms.neverPublished')}</p>
  return (
    <p className="quiet">
      {say('forms.lastPublished', { n: version, person: publishedBy ?? say('forms.shipped') })}
      <When at={publishedAt} />
      {note && ` · ${note}`}
    </p>
  )
}

/** What will change for whom, who did it last, and the button that does it. */
export function PublishPart({ draft }: { draft: Draft }) {
  const { say } = useWords()
  const [note, setNote] = useState('')
  const { given, changes, faults } = draft
  const publishing = useMutation({
    mutationFn: () => draft.publish(note),
    onSuccess: () => setNote(''),
  })
  const failure = publishing.error
  const named = failure instanceof Refusal ? failure.detail['faults'] : undefined
  const reach = { lines: given.lines, open: given.openContacts }
  return (
    <section className="card stack publish" aria-label={say('forms.viewPublish')}>
      {publishing.data !== undefined && (
        <Notice tone="good">{say('forms.publishedNow', { n: publishing.data })}</Notice>
      )}
      <h2>{say('forms.changes')}</h2>
      {given.published ? null : <p className="quiet">{say('forms.changesFirst')}</p>}
      <Changes changes={changes} form={draft.whole} />
      <Last draft={draft} />
      <p>{say(given.kind === 'base' ? 'forms.reachBase' : 'forms.reachOverlay', reach)}</p>
      {faults.length > 0 && <Notice tone="soon">{say('forms.faultCount', { count: faults.length })}</Notice>}
      <Failure of={failure} />
      {Array.isArray(named) && (
        <ul>
          {named.map((each) => (
            <li key={String(each)}>{String(each)}</li>
          ))}
        </ul>
      )}
      <label className="item-field">
        <span>{say('forms.note')}</span>
        <input
          className="box"
          value={note}
          maxLength={400}
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      <div>
        <button
          type="button"
          className="main-button"
          disabled={publishing.isPending || changes.length === 0 || faults.length > 0}
          onClick={() => publishing.mutate()}
        >
          {say('forms.publish', { n: given.version + 1 })}
        </button>
      </div>
    </section>
  )
}
