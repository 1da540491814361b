import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { closeContact } from '../../api/contacts.ts'
import type { DeskCall } from '../../api/desk.ts'
import { missingForClosing } from '../../domain/form.ts'
import { useKeys } from '../ui/keys.ts'
import { Failure } from '../ui/Notice.tsx'
import { Refusal, request } from '../ui/request.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { useCommand } from './duty-desk.ts'
import { forgetForms, keeperOf } from './forms.ts'
import { jumpTo, placeOf } from './form-places.ts'
import { showStage } from './stage.ts'
import { useKept } from './use-kept.ts'

/** Finishing a record: saves what is typed, closes, and jumps to what is missing instead when something is. */
export function useFinish(contactId: string, after: () => void) {
  const { questionnaire, answers, loaded } = useKept(contactId)
  const closing = useMutation({
    mutationFn: async () => {
      await keeperOf(contactId).flush()
      await request(closeContact, { params: { contactId } }).catch((failure: unknown) => {
        // Handed over meanwhile: the record is finished by whoever has the call now.
        if (!(failure instanceof Refusal && failure.code === 'call.notYours')) throw failure
      })
    },
    onSuccess: () => {
      forgetForms(contactId)
      after()
    },
  })
  const finish = (): void => {
    if (!loaded) return
    const first = missingForClosing(questionnaire, answers)[0]
    if (first === undefined) {
      closing.mutate()
      return
    }
    const place = placeOf(questionnaire, first)
    if (place) showStage(contactId, place)
    jumpTo(first)
  }
  return { finish, pending: closing.isPending, error: closing.error }
}

/** After the call: time left for the record, more of it, later, or done. */
export function WrapUp({ call }: { call: DeskCall }) {
  const { say, language } = useWords()
  const now = useNow()
  const navigate = useNavigate()
  const command = useCommand(call.contactId)
  const { finish, pending, error } = useFinish(call.contactId, () =>
    command.mutate({ command: 'finish-wrap-up' }),
  )
  const left = call.wrapUpEndsAt ? Date.parse(call.wrapUpEndsAt) - now : null
  const extend = (): void => command.mutate({ command: 'extend-wrap-up' })
  const finishHere = (): void => void navigate({ to: '/desk' }).then(finish)
  useKeys([
    { key: 'Alt+W', words: 'keys.extend', group: 'keys.groupCall', run: extend },
    { key: 'Alt+F', words: 'keys.finish', group: 'keys.groupForm', run: finishHere },
  ])
  return (
    <>
      <div className="strip-actions">
        {left !== null && (
          <span className={`number ${left < 30_000 ? 'soon strong' : 'quiet'}`}>
            {left > 0 ? say('wrap.left', { length: lengthOf(left, language) }) : say('wrap.over')}
          </span>
        )}
        {call.endedBy && <span className="quiet">{say(`call.endedBy.${call.endedBy}`)}</span>}
        <button type="button" className="plain" disabled={command.isPending} onClick={extend}>
          {say('wrap.extend')} <kbd>Alt+W</kbd>
        </button>
        <button
          type="button"
          className="plain"
          title={say('wrap.laterHint')}
          disabled={command.isPending}
          onClick={() =>
            void keeperOf(call.contactId)
              .flush()
              .then(() => command.mutate({ command: 'finish-wrap-up' }))
          }
        >
          {say('wrap.later')}
        </button>
        <button type="button" className="main-button" disabled={pending} onClick={finishHere}>
          {say('wrap.finish')} <kbd>Alt+F</kbd>
        </button>
      </div>
      <Failure of={error ?? command.error} />
    </>
  )
}
