import Popconfirm from 'antd/es/popconfirm'
import Segmented from 'antd/es/segmented'
import { useMemo, useState } from 'react'
import type { FormDraft } from '../../../api/forms.ts'
import { changeItem, itemOf, type Edited, type EditRefusal } from '../../../domain/form-editing.ts'
import type { Questionnaire } from '../../../domain/questionnaire.ts'
import { FailedPart, Notice, Skeleton } from '../../ui/Notice.tsx'
import { useZone } from '../../ui/session.ts'
import { timeOfDay } from '../../ui/time.ts'
import { sayProblem, useWords } from '../../ui/words.ts'
import { added, done, groupsOf, movedTo, putBack } from './deeds.ts'
import { useDraft, useFormDraft, type Draft } from './draft.ts'
import type { DraftState } from './draft-keeper.ts'
import { exportForm } from './form-file.ts'
import { FormPreview } from './FormPreview.tsx'
import { ImportButton, ImportPart, type Chosen } from './ImportPart.tsx'
import { FaultList, ItemPanel } from './ItemPanel.tsx'
import { ItemTree } from './ItemTree.tsx'
import { nameIn } from './phrases.ts'
import { PublishPart } from './PublishPart.tsx'

type View = 'edit' | 'preview' | 'publish'

/** What a form is called: the base form, or the questions that a line adds. */
export const useFormName = (form: Pick<FormDraft, 'line'>): string => {
  const { say } = useWords()
  return form.line ? say('forms.overlayOf', { name: form.line.name }) : say('forms.base')
}

function SavedMark({ state, load }: { state: DraftState; load: () => Promise<void> }) {
  const { say } = useWords()
  const zone = useZone()
  if (state.kind === 'conflict')
    return (
      <Notice
        tone="soon"
        action={
          <button type="button" className="main-button" onClick={() => void load()}>
            {say('forms.loadNew')}
          </button>
        }
      >
        {say('forms.conflict')}
      </Notice>
    )
  if (state.kind === 'failed')
    return <Notice tone="soon">{say('forms.saveFailed', { why: sayProblem(say, state.failure) })}</Notice>
  const words =
    state.kind === 'saved'
      ? say('forms.saved', { time: timeOfDay(Date.parse(state.at), zone) })
      : say(state.kind === 'none' ? 'forms.saveNone' : 'forms.savePending')
  return (
    <span className="save-mark number" role="status">
      {words}
    </span>
  )
}

/** Every fault with the item it is at; a click goes there. */
function Faults({
  draft,
  choose,
  back,
}: {
  draft: Draft
  choose: (linkId: string) => void
  back: (linkId: string) => void
}) {
  const speaker = useWords()
  const { say } = speaker
  const { faults, whole } = draft
  if (faults.length === 0) return <p className="quiet">{say('forms.noFaults')}</p>
  const items = [...new Set(faults.map((each) => each.linkId))]
  return (
    <details className="faults">
      <summary>{say('forms.faultCount', { count: faults.length })}</summary>
      <ul className="fault-list">
        {items.map((linkId) => (
          <li key={linkId}>
            {itemOf(whole, linkId) ? (
              <button type="button" className="link" onClick={() => choose(linkId)}>
                {nameIn(whole, linkId, speaker)}
              </button>
            ) : (
              <button type="button" className="link" onClick={() => back(linkId)}>
                {say('forms.putBack')}: {nameIn(draft.given.core, linkId, speaker)}
              </button>
            )}
            <FaultList form={whole} faults={faults.filter((each) => each.linkId === linkId)} />
          </li>
        ))}
      </ul>
    </details>
  )
}

/** The tree at left, the chosen item's properties at right. */
function EditPart({ draft }: { draft: Draft }) {
  const { say } = useWords()
  const { whole, own, faults } = draft
  const [wanted, setWanted] = useState<string | null>(null)
  const [refused, setRefused] = useState<EditRefusal | null>(null)
  const item = (wanted === null ? null : itemOf(whole, wanted)) ?? whole.item[0] ?? null
  const chosen = item?.linkId ?? null
  const faulty = useMemo(() => new Set(faults.map((each) => each.linkId)), [faults])
  const edit = (step: (form: Questionnaire) => Edited, key?: string): boolean => {
    const result = draft.edit(step, key)
    setRefused('refused' in result ? result.refused : null)
    if ('refused' in result) return false
    if (result.linkId !== null) setWanted(result.linkId)
    return true
  }
  const choose = (linkId: string): void => {
    setWanted(linkId)
    setRefused(null)
  }
  const add = (type: 'boolean' | 'group' | 'display'): void => {
    if (!edit(added(draft, chosen, type))) return
    // The words of a new item are what comes next.
    setTimeout(() => document.querySelector<HTMLElement>('.item-panel textarea')?.focus(), 0)
  }
  return (
    <div className="form-editor">
      <section className="card stack form-side" aria-label={say('forms.tree')}>
        <div className="row">
          <button type="button" className="plain" onClick={() => add('boolean')}>
            {say('forms.addQuestion')}
          </button>
          <button type="button" className="plain" onClick={() => add('group')}>
            {say('forms.addGroup')}
          </button>
          <button type="button" className="plain" onClick={() => add('display')}>
            {say('forms.addDisplay')}
          </button>
        </div>
        <Faults draft={draft} choose={choose} back={(linkId) => edit(putBack(draft, linkId))} />
        <p className="quiet tree-how">{say('forms.treeHow')}</p>
        <div role="status">{refused && <Notice>{say(`forms.refused.${refused}`)}</Notice>}</div>
        <ItemTree
          items={whole.item}
          own={own}
          faulty={faulty}
          chosen={chosen}
          choose={choose}
          act={(deed) => item && edit(done(draft, item.linkId, deed))}
        />
      </section>
      {item && (
        <ItemPanel
          key={item.linkId}
          form={whole}
          item={item}
          locked={!own.has(item.linkId)}
          faults={faults.filter((each) => each.linkId === item.linkId)}
          groups={groupsOf(draft)}
          change={(change, key) =>
            edit((form) => changeItem(form, item.linkId, change), key && `${item.linkId} ${key}`)
          }
          move={(where) => edit(done(draft, item.linkId, where))}
          moveTo={(group) => edit(movedTo(draft, item.linkId, group))}
          remove={() => edit(done(draft, item.linkId, 'remove'))}
        />
      )}
    </div>
  )
}

function Tools({ draft, onChosen }: { draft: Draft; onChosen: (chosen: Chosen) => void }) {
  const { say } = useWords()
  const { given, form } = draft
  return (
    <div className="row">
      <button type="button" className="plain" disabled={!draft.undo} onClick={() => draft.undo?.()}>
        {say('forms.undo')}
      </button>
      <button
        type="button"
        className="plain"
        onClick={() => exportForm(form, given.line ? `form-${given.line.number}` : 'form-base')}
      >
        {say('forms.export')}
      </button>
      <ImportButton core={given.core} onChosen={onChosen} />
      <Popconfirm
        title={say('forms.discard')}
        description={say('forms.discardWhat')}
        okText={say('forms.discard')}
        cancelText={say('admin.cancel')}
        onConfirm={() => draft.discard()}
      >
        <button type="button" className="plain" disabled={draft.state.kind === 'none'}>
          {say('forms.discard')}
        </button>
      </Popconfirm>
    </div>
  )
}

function Editor({ given }: { given: FormDraft }) {
  const { say } = useWords()
  const name = useFormName(given)
  const draft = useDraft(given)
  const [view, setView] = useState<View>('edit')
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const use = (form: Questionnaire): void => {
    draft.edit(() => ({ form: { ...form, url: draft.form.url }, linkId: null }))
    setChosen(null)
  }
  return (
    <>
      <div className="spread">
        <h2>{name}</h2>
        <SavedMark state={draft.state} load={draft.load} />
      </div>
      <div className="spread">
        <Segmented<View>
          aria-label={say('forms.view')}
          value={view}
          options={[
            { value: 'edit', label: say('forms.viewEdit') },
            { value: 'preview', label: say('forms.viewPreview') },
            { value: 'publish', label: say('forms.viewPublish') },
          ]}
          onChange={setView}
        />
        <Tools draft={draft} onChosen={setChosen} />
      </div>
      {chosen !== null && (
        <ImportPart chosen={chosen} draft={draft} onUse={use} onCancel={() => setChosen(null)} />
      )}
      {view === 'edit' && <EditPart draft={draft} />}
      {view === 'preview' && <FormPreview form={draft.whole} />}
      {view === 'publish' && <PublishPart draft={draft} />}
    </>
  )
}

/** A form being made: edit, preview, publish. */
export function FormEditor({ formId }: { formId: string }) {
  const { data, error, refetch } = useFormDraft(formId)
  if (data) return <Editor key={formId} given={data} />
  return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={8} />
}
