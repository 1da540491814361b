import { useEffect } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { coreOf, missingForClosing } from '../../domain/form.ts'
import { stages, type Stage } from '../../domain/stage.ts'
import { useKeys } from '../ui/keys.ts'
import { Notice, Skeleton } from '../ui/Notice.tsx'
import { useMe } from '../ui/session.ts'
import { clockFace } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { CallerAlerts } from './CallerAlerts.tsx'
import { ClassPanel } from './ClassPanel.tsx'
import { focusNotes, jumpTo, notesGroups, placeOf, sideGroups, stageGroups } from './form-places.ts'
import { KeptParts, Missing } from './FormParts.tsx'
import { CrisisSide } from './CrisisSide.tsx'
import { keeperOf } from './forms.ts'
import { FormRead } from './FormRead.tsx'
import { Fact } from './Offer.tsx'
import { roleIn } from './role.ts'
import { SaveMark } from './SaveMark.tsx'
import { SidePanels } from './SidePanels.tsx'
import { showStage, spentIn } from './stage.ts'
import { useKept } from './use-kept.ts'

/** The five stages as a quiet rail with the time spent. */
function Rail({ contactId, present }: { contactId: string; present: Stage }) {
  const { say } = useWords()
  const now = useNow()
  const spent = spentIn(contactId, now)
  return (
    <nav className="rail" aria-label={say('stage.rail')}>
      <ol>
        {stages.map((stage, place) => (
          <li key={stage}>
            <button
              type="button"
              aria-current={stage === present ? 'step' : undefined}
              title={`Alt+${place + 1}`}
              onClick={() => showStage(contactId, stage)}
            >
              <span className="rail-number" aria-hidden="true">
                {place + 1}
              </span>
              <span className="rail-name">{say(`stage.${stage}`)}</span>
              <span className="rail-time number">{spent[stage] ? clockFace(spent[stage]) : ''}</span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}

function CallerCard({ call }: { call: DeskCall }) {
  const { say } = useWords()
  return (
    <dl className="facts facts-small">
      <Fact label={say('contacts.line')}>
        {call.line.name} <span className="quiet number">{call.line.number}</span>
      </Fact>
      <Fact label={say('contacts.channel')}>{say(`call.channel.${call.channel}`)}</Fact>
      {call.numberShown && (
        <Fact label={say('contacts.caller')}>
          <span className="number">{call.numberShown}</span>
        </Fact>
      )}
      <Fact label={say('contact.earlier')}>
        {call.earlierContacts > 0
          ? say('contact.times', { n: call.earlierContacts })
          : say('call.earlierNone')}
      </Fact>
      <Fact label={say('contacts.consent')}>{say(`call.consent.${call.consent ?? 'none'}`)}</Fact>
    </dl>
  )
}

/** The notes, always in the same place, the open stage's questions under them, and, once the call is over, what is still missing. */
function StageCard({ contactId, missing, over }: { contactId: string; missing: string[]; over: boolean }) {
  const { say } = useWords()
  const { questionnaire, stage, save, loaded } = useKept(contactId)
  const trouble = save.kind === 'conflict' || save.kind === 'failed'
  const jump = (question: string): void => {
    const place = placeOf(questionnaire, question)
    if (place) showStage(contactId, place)
    jumpTo(question)
  }
  return (
    <section className="card form-card" aria-label={say('form.title')}>
      <header className="spread form-head">
        <h1>{say(`stage.${stage}`)}</h1>
        {!trouble && <SaveMark contactId={contactId} save={save} />}
      </header>
      {trouble && <SaveMark contactId={contactId} save={save} />}
      {!loaded && !trouble && <Skeleton lines={8} />}
      <ClassPanel contactId={contactId} />
      <KeptParts contactId={contactId} items={notesGroups(questionnaire)} missing={missing} bare />
      <KeptParts contactId={contactId} items={stageGroups(questionnaire, stage)} missing={missing} bare />
      {over && loaded && <Missing contactId={contactId} missing={missing} onJump={jump} />}
    </section>
  )
}

/** Keys of the form: a stage by its number, the next one, the notes. */
function useFormKeys(contactId: string): void {
  const { stage } = useKept(contactId)
  const open = (wanted: Stage | undefined): void => {
    if (wanted) showStage(contactId, wanted)
  }
  useKeys([
    {
      key: 'Alt+1..5',
      words: 'keys.stage',
      group: 'keys.groupForm',
      run: (pressed) => open(stages[Number(pressed.at(-1)) - 1]),
    },
    {
      key: 'Alt+Enter',
      words: 'keys.nextStage',
      group: 'keys.groupForm',
      run: () => open(stages[stages.indexOf(stage) + 1]),
    },
    {
      key: 'Alt+N',
      words: 'keys.notes',
      group: 'keys.groupForm',
      run: () => focusNotes(),
    },
  ])
}

/** The call on the screen: stages, the form of the present one, risk and caller at the side. */
export function CallScreen({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const { contactId } = call
  const me = useMe()
  const kept = useKept(contactId)
  const { questionnaire, answers, stage, loaded } = kept
  const owner = roleIn(call, me.displayName) === 'owner'
  useEffect(() => {
    // After a handover the form that could not be read before is ours.
    if (owner && !loaded) void keeperOf(contactId).load()
  }, [owner, loaded, contactId])
  const over = call.state === 'wrap-up' || call.state === 'survey'
  const missing = over && loaded ? missingForClosing(questionnaire, answers) : []
  useFormKeys(contactId)
  if (!owner)
    return (
      <section className="card stack guest-screen">
        <p className="quiet">{say('call.guestForm')}</p>
        {loaded && <FormRead kept={kept} />}
        <CallerCard call={call} />
      </section>
    )
  return (
    <div className="call-screen">
      <Rail contactId={contactId} present={stage} />
      <StageCard contactId={contactId} missing={missing} over={over} />
      <aside className="card side" aria-label={say('form.side')}>
        <CrisisSide call={call} />
        <CallerAlerts contactId={contactId} />
        {call.dangerKey && coreOf(answers).risk === null && (
          <Notice tone="danger">{say('call.danger')}</Notice>
        )}
        <KeptParts contactId={contactId} items={sideGroups(questionnaire)} missing={missing} />
        <SidePanels call={call} />
        <CallerCard call={call} />
        <p className="quiet hint-line">{say('keys.hint')}</p>
      </aside>
    </div>
  )
}
