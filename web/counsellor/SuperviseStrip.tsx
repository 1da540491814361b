import type { DeskCall } from '../../api/desk.ts'
import type { SuperviseMode } from '../../domain/call-state.ts'
import { useKeys, type Key } from '../ui/keys.ts'
import { Failure } from '../ui/Notice.tsx'
import { useWords } from '../ui/words.ts'
import { HintBox } from '../ui/HintBox.tsx'
import { superviseModes, useSupervise } from '../ui/supervising.ts'

const keyOf: Record<SuperviseMode, { key: string; words: Key['words'] }> = {
  listen: { key: 'Alt+L', words: 'keys.superviseListen' },
  whisper: { key: 'Alt+I', words: 'keys.superviseWhisper' },
  barge: { key: 'Alt+B', words: 'keys.superviseBarge' },
  'take-over': { key: 'Alt+Y', words: 'keys.superviseTakeOver' },
}

/** The supervisor's own strip while at a call: the ways by one key each, on the same leg, and a word to the desk. */
export function SuperviseStrip({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const supervise = useSupervise(call.contactId)
  const go = (mode: SuperviseMode): void => supervise.mutate({ mode })
  useKeys(
    superviseModes.map((mode) => ({ ...keyOf[mode], group: 'keys.groupCall' as const, run: () => go(mode) })),
  )
  return (
    <div className="supervise-strip">
      <span className="row" role="group" aria-label={say('supervise.mine')}>
        {superviseModes.map((mode) => (
          <button
            key={mode}
            type="button"
            className="plain"
            aria-pressed={call.supervising === mode}
            title={say(`supervise.${mode}Hint`)}
            disabled={supervise.isPending}
            onClick={() => go(mode)}
          >
            {say(`supervise.${mode}`)} <kbd>{keyOf[mode].key}</kbd>
          </button>
        ))}
      </span>
      <Failure of={supervise.error} />
      <HintBox contactId={call.contactId} last={1} />
    </div>
  )
}
