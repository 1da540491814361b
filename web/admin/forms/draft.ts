/** What an editor works with: a form that is being changed here and saved as a draft by itself. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { discardDraft, publishForm, readDraft, saveDraft, type FormDraft } from '../../../api/forms.ts'
import { compareVersions, type FormChange } from '../../../domain/form-comparison.ts'
import type { Edited, EditRefusal } from '../../../domain/form-editing.ts'
import { judgeForm, ownItems, type FormFault } from '../../../domain/form-judgement.ts'
import { laidOver, withoutEmpty } from '../../../domain/overlay.ts'
import type { Questionnaire } from '../../../domain/questionnaire.ts'
import { request } from '../../ui/request.ts'
import { keepDraft, type DraftKeeper, type DraftState } from './draft-keeper.ts'

/** A form being changed, and what can be done with it. */
export interface Draft {
  given: FormDraft
  /** The form itself: of a line only what it adds. */
  form: Questionnaire
  /** As a contact would be asked: an overlay on its base. */
  whole: Questionnaire
  /** Link ids of what can be changed here. */
  own: ReadonlySet<string>
  faults: FormFault[]
  /** What differs from the published version. */
  changes: FormChange[]
  state: DraftState
  /** Does an edit; gives why it was refused, or the item to show next. `key` joins steps of typing for undo. */
  edit: (
    step: (form: Questionnaire) => Edited,
    key?: string,
  ) => { refused: EditRefusal } | { linkId: string | null }
  undo: (() => void) | null
  discard: () => Promise<void>
  /** Takes what is saved on the server, and leaves what is here. */
  load: () => Promise<void>
  /** Saves what is not saved yet and publishes; gives the version. */
  publish: (note: string) => Promise<number>
}

interface Past {
  form: Questionnaire
  key: string | null
}

/** Reads a form's draft; what the hook of {@link useDraft} begins with. */
const draftQuery = (formId: string) => ({
  queryKey: ['forms', formId, 'draft'],
  queryFn: () => request(readDraft, { params: { formId } }),
})

/** The form as it is being changed; `given` is what was read of it last. */
export function useDraft(given: FormDraft): Draft {
  const [form, setForm] = useState(given.questionnaire)
  const [past, setPast] = useState<Past[]>([])
  const [state, setState] = useState<DraftState>(
    given.draftAt === null ? { kind: 'none' } : { kind: 'saved', at: given.draftAt },
  )
  const keeper = useKeeper(given, setState)
  const { base } = given
  const adopt = useCallback((read: FormDraft) => {
    setForm(read.questionnaire)
    setPast([])
    setState(read.draftAt === null ? { kind: 'none' } : { kind: 'saved', at: read.draftAt })
  }, [])
  useAdoption(given, keeper, adopt)
  useWarning(state)
  const commands = useCommands(given.formId, keeper, adopt)
  const put = (next: Questionnaire): void => {
    setForm(next)
    keeper.changed(next)
  }
  const edit: Draft['edit'] = (step, key) => {
    const edited = step(form)
    if ('refused' in edited) return { refused: edited.refused }
    const joined = key !== undefined && past.at(-1)?.key === key
    if (!joined) setPast((before) => [...before.slice(-99), { form, key: key ?? null }])
    put(base ? withoutEmpty(base, edited.form) : edited.form)
    return { linkId: edited.linkId }
  }
  const last = past.at(-1)
  const judged = useJudged(given, form)
  return {
    given,
    form,
    ...judged,
    state,
    edit,
    undo: last
      ? () => {
          setPast((before) => before.slice(0, -1))
          put(last.form)
        }
      : null,
    ...commands,
  }
}

/** What follows from a form: how a contact would be asked, what can be changed here, what is wrong, what differs. */
function useJudged(
  given: FormDraft,
  form: Questionnaire,
): Pick<Draft, 'whole' | 'own' | 'faults' | 'changes'> {
  const { base } = given
  const whole = useMemo(() => (base ? laidOver(base, form) : form), [base, form])
  const own = useMemo(
    () => new Set(ownItems(form, base ?? undefined).map((each) => each.linkId)),
    [base, form],
  )
  const faults = useMemo(
    () => judgeForm(form, base ? { base } : { core: given.core }),
    [base, form, given.core],
  )
  const { published } = given
  const changes = useMemo(() => {
    const before = published ?? { ...form, item: [] }
    return base ? compareVersions(laidOver(base, before), whole) : compareVersions(before, form)
  }, [base, form, published, whole])
  return { whole, own, faults, changes }
}

/** Takes what somebody else saved, as long as nothing here waits to be saved. */
function useAdoption(given: FormDraft, keeper: DraftKeeper, adopt: (read: FormDraft) => void): void {
  useEffect(() => {
    const here = keeper.stands()
    if (here.busy || given.revision <= here.revision) return
    keeper.take(given.revision)
    adopt(given)
  }, [given, keeper, adopt])
}

/** The keeper of this form's draft; what was typed last is saved when the editor is left within the app. */
function useKeeper(given: FormDraft, tell: (state: DraftState) => void): DraftKeeper {
  const { formId, revision } = given
  const [keeper] = useState(() =>
    keepDraft(
      revision,
      (questionnaire, on) =>
        request(saveDraft, { params: { formId }, body: { questionnaire, revision: on } }),
      tell,
    ),
  )
  useEffect(() => () => void keeper.flush().catch(() => undefined), [keeper])
  return keeper
}

/** Warns before the window is closed while something is not on the server yet. */
function useWarning(state: DraftState): void {
  const unsafe = state.kind === 'pending' || state.kind === 'failed' || state.kind === 'conflict'
  useEffect(() => {
    if (!unsafe) return undefined
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [unsafe])
}

function useCommands(
  formId: string,
  keeper: DraftKeeper,
  adopt: (read: FormDraft) => void,
): Pick<Draft, 'discard' | 'load' | 'publish'> {
  const cache = useQueryClient()
  return useMemo(() => {
    const load = async (): Promise<void> => {
      await keeper.forget()
      const read = await request(readDraft, { params: { formId } })
      keeper.take(read.revision)
      cache.setQueryData(draftQuery(formId).queryKey, read)
      adopt(read)
    }
    return {
      load,
      async discard() {
        await keeper.forget()
        const { revision } = keeper.stands()
        await request(discardDraft, { params: { formId }, query: { revision } })
        await load()
      },
      async publish(note) {
        await keeper.flush()
        const { revision } = keeper.stands()
        const made = await request(publishForm, { params: { formId }, body: { revision, note } })
        await load()
        return made.version
      },
    }
  }, [adopt, cache, formId, keeper])
}

/** A form's draft as the server has it, read again when anybody changes it. */
export const useFormDraft = (formId: string) => useQuery(draftQuery(formId))
