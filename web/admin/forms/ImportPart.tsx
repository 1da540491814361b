import { useState } from 'react'
import { compareVersions } from '../../../domain/form-comparison.ts'
import { itemOf } from '../../../domain/form-editing.ts'
import { readForm, type ReadForm } from '../../../domain/form-import.ts'
import { judgeForm } from '../../../domain/form-judgement.ts'
import type { Questionnaire } from '../../../domain/questionnaire.ts'
import { Notice } from '../../ui/Notice.tsx'
import { useWords } from '../../ui/words.ts'
import { Changes } from './Changes.tsx'
import type { Draft } from './draft.ts'
import { largestFile } from './form-file.ts'
import { nameIn } from './phrases.ts'

/** A file that was chosen: what could be read of it. */
export type Chosen = ReadForm | 'not-json' | 'too-large'

/** Reads a chosen file. */
async function readFile(file: File, core: Questionnaire): Promise<Chosen> {
  if (file.size > largestFile) return 'too-large'
  try {
    return readForm(JSON.parse(await file.text()), core)
  } catch {
    return 'not-json'
  }
}

/** The button that chooses a file. */
export function ImportButton({
  core,
  onChosen,
}: {
  core: Questionnaire
  onChosen: (chosen: Chosen) => void
}) {
  const { say } = useWords()
  const [key, setKey] = useState(0)
  return (
    <label className="plain file-choice">
      {say('forms.import')}
      <input
        key={key}
        type="file"
        accept=".json,application/json,application/fhir+json"
        onChange={(event) => {
          const [file] = event.target.files ?? []
          setKey(key + 1)
          if (file) void readFile(file, core).then(onChosen)
        }}
      />
    </label>
  )
}

type Props = { chosen: Chosen; draft: Draft; onUse: (form: Questionnaire) => void; onCancel: () => void }

function Judged({
  read,
  draft,
  onUse,
  onCancel,
}: Omit<Props, 'chosen'> & { read: Extract<ReadForm, { form: unknown }> }) {
  const speaker = useWords()
  const { say } = speaker
  const { base, core } = draft.given
  const { form, dropped } = read
  const faults = judgeForm(form, base ? { base } : { core })
  return (
    <>
      {dropped.length > 0 && (
        <Notice tone="soon">
          {say('forms.importDropped')} <code>{dropped.join(', ')}</code>
        </Notice>
      )}
      {faults.length > 0 && (
        <Notice tone="soon">
          {say('forms.faultCount', { count: faults.length })}
          <ul className="fault-list">
            {faults.slice(0, 20).map((fault, at) => (
              <li key={at}>
                {nameIn(itemOf(form, fault.linkId) ? form : core, fault.linkId, speaker)}:{' '}
                {say(`forms.fault.${fault.code}`)}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <Changes changes={compareVersions(draft.form, form)} form={form} />
      <div className="row">
        <button type="button" className="main-button" onClick={() => onUse(form)}>
          {say('forms.importUse')}
        </button>
        <button type="button" className="plain" onClick={onCancel}>
          {say('admin.cancel')}
        </button>
      </div>
    </>
  )
}

/** What is in a chosen file, what is wrong with it and what it would change, before it becomes the draft. */
export function ImportPart({ chosen, ...props }: Props) {
  const { say } = useWords()
  const refused =
    chosen === 'not-json'
      ? say('forms.importNotJson')
      : chosen === 'too-large'
        ? say('forms.importTooLarge')
        : 'unreadable' in chosen
          ? say('forms.importUnreadable', { where: chosen.unreadable.join(', ') })
          : null
  return (
    <section className="card stack" aria-label={say('forms.importTitle')}>
      <h2>{say('forms.importTitle')}</h2>
      <p className="quiet">{say('forms.importHow')}</p>
      {refused !== null && (
        <>
          <Notice tone="soon">{refused}</Notice>
          <div>
            <button type="button" className="plain" onClick={props.onCancel}>
              {say('admin.cancel')}
            </button>
          </div>
        </>
      )}
      {typeof chosen === 'object' && 'form' in chosen && <Judged read={chosen} {...props} />}
    </section>
  )
}
