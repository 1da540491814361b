import { Notice } from '../ui/Notice.tsx'
import { useZone } from '../ui/session.ts'
import { timeOfDay } from '../ui/time.ts'
import { sayProblem, useWords } from '../ui/words.ts'
import { isFinal, type SaveState } from './form-keeper.ts'
import { keeperOf } from './forms.ts'

/** Whether what is typed is safe, in words; the choice when somebody else saved meanwhile. */
export function SaveMark({ contactId, save }: { contactId: string; save: SaveState }) {
  const { say } = useWords()
  const zone = useZone()
  if (save.kind === 'conflict')
    return (
      <Notice
        tone="soon"
        action={
          <span className="row">
            <button
              type="button"
              className="plain"
              onClick={() => void keeperOf(contactId).settle('newer', say('save.otherNotes'))}
            >
              {say('save.conflictNewer')}
            </button>
            <button
              type="button"
              className="main-button"
              onClick={() => void keeperOf(contactId).settle('mine', say('save.otherNotes'))}
            >
              {say('save.conflictMine')}
            </button>
          </span>
        }
      >
        {say('save.conflict')} {say('save.conflictBoth')}
      </Notice>
    )
  if (save.kind === 'failed')
    return (
      <Notice tone="soon">
        {say(isFinal(save.failure) ? 'save.final' : 'save.failed', { why: sayProblem(say, save.failure) })}
      </Notice>
    )
  const words =
    save.kind === 'pending'
      ? say('save.pending')
      : save.at
        ? say('save.saved', { time: timeOfDay(Date.parse(save.at), zone) })
        : say('save.new')
  return (
    <span className="save-mark number" role="status">
      {save.kind === 'saved' && save.at && <span aria-hidden="true">✓ </span>}
      {words}
    </span>
  )
}
