import { useEffect } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { missingForClosing } from '../../domain/form.ts'
import { useKeys } from '../ui/keys.ts'
import { Notice } from '../ui/Notice.tsx'
import { useMe } from '../ui/session.ts'
import { clockFace } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { keeperOf } from './forms.ts'
import { jumpTo, Missing, Notes, placeOf, StageQuestions, stageOrder, type Stage } from './FormBody.tsx'
import { FormRead } from './FormRead.tsx'
import { Fact } from './Offer.tsx'
import { roleIn } from './role.ts'
import { RiskPanel } from './RiskPanel.tsx'
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
        {stageOrder.map((stage, place) => (
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

/** The call on the screen: stages, the form of the present one, risk and caller at the side. */
export function CallScreen({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const { contactId } = call
  const me = useMe()
  const { form, save, loaded } = useKept(contactId)
  const owner = roleIn(call, me.displayName) === 'owner'
  useEffect(() => {
    // After a handover the form that could not be read before is ours.
    if (owner && !loaded) void keeperOf(contactId).load()
  }, [owner, loaded, contactId])
  const over = call.state === 'wrap-up' || call.state === 'survey'
  const missing = over ? missingForClosing(form) : []
  const change = (answers: Partial<typeof form>): void => keeperOf(contactId).change(answers)
  useKeys([
    {
      key: 'Alt+1..5',
      words: 'keys.stage',
      group: 'keys.groupForm',
      run: (pressed) => {
        const stage = stageOrder[Number(pressed.at(-1)) - 1]
        if (stage) showStage(contactId, stage)
      },
    },
    {
      key: 'Alt+N',
      words: 'keys.notes',
      group: 'keys.groupForm',
      run: () => document.getElementById('notes')?.focus(),
    },
  ])
  const props = { form, change, missing }
  if (!owner)
    return (
      <section className="card stack guest-screen">
        <p className="quiet">{say('call.guestForm')}</p>
        {loaded && <FormRead form={form} />}
        <CallerCard call={call} />
      </section>
    )
  return (
    <div className="call-screen">
      <Rail contactId={contactId} present={form.stage} />
      <section className="card form-card" aria-label={say('form.title')}>
        <header className="spread form-head">
          <h1>{say(`stage.${form.stage}`)}</h1>
          {save.kind !== 'conflict' && save.kind !== 'failed' && (
            <SaveMark contactId={contactId} save={save} />
          )}
        </header>
        {(save.kind === 'conflict' || save.kind === 'failed') && (
          <SaveMark contactId={contactId} save={save} />
        )}
        <StageQuestions stage={form.stage} {...props} />
        <Notes {...props} />
        {over && (
          <Missing
            form={form}
            onJump={(question) => {
              const place = placeOf(question)
              if (place !== 'side') showStage(contactId, place)
              jumpTo(question)
            }}
          />
        )}
      </section>
      <aside className="card side" aria-label={say('form.side')}>
        {call.dangerKey && form.risk === null && <Notice tone="danger">{say('call.danger')}</Notice>}
        <RiskPanel {...props} />
        <SidePanels call={call} />
        <CallerCard call={call} />
        <p className="quiet hint-line">{say('keys.hint')}</p>
      </aside>
    </div>
  )
}
