import { useState } from 'react'
import { contactClasses, coreOf, isCounselling, type ContactClass } from '../../domain/form.ts'
import { useKeys } from '../ui/keys.ts'
import { useWords } from '../ui/words.ts'
import { classWords } from './contact-class.ts'
import { changeAnswer } from './FormParts.tsx'
import { useKept } from './use-kept.ts'

const others = contactClasses.filter((one) => one !== 'counselling')

function Choices({ choose, close }: { choose: (chosen: ContactClass) => void; close: () => void }) {
  const { say } = useWords()
  useKeys([
    {
      key: `1..${others.length}`,
      words: 'keys.classDigit',
      group: 'keys.groupForm',
      run: (pressed) => {
        const chosen = others[Number(pressed) - 1]
        if (chosen) choose(chosen)
      },
    },
    { key: 'Escape', words: 'keys.close', group: 'keys.groupForm', run: close },
  ])
  return (
    <div className="panel class-panel" role="group" aria-label={say('form.classTitle')}>
      <p className="quiet">{say('form.classHint')}</p>
      <div className="chips">
        {others.map((one, place) => (
          <button key={one} type="button" className="plain" onClick={() => choose(one)}>
            <kbd>{place + 1}</kbd> {say(classWords(one))}
          </button>
        ))}
        <button type="button" className="quiet-button" onClick={close}>
          {say('form.classClose')}
        </button>
      </div>
    </div>
  )
}

/**
 * One key for what is not counselling: silent, wrong number, prank, test, information. It keeps its own class in every
 * count, and its record needs nothing more; what was said of danger stays.
 */
export function ClassPanel({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const { answers } = useKept(contactId)
  const [open, setOpen] = useState(false)
  const core = coreOf(answers)
  const choose = (chosen: ContactClass): void => {
    changeAnswer(contactId, 'class', { values: [chosen] })
    setOpen(false)
  }
  const show = (): void => {
    // Digits are for the panel then, not for what was being typed.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    setOpen(true)
  }
  useKeys([
    {
      key: 'Alt+K',
      words: 'keys.class',
      group: 'keys.groupForm',
      run: () => (open ? setOpen(false) : show()),
    },
  ])
  if (open) return <Choices choose={choose} close={() => setOpen(false)} />
  if (isCounselling(core))
    return (
      <p className="class-line">
        <button type="button" className="quiet-button" onClick={show}>
          {say('form.classOpen')} <kbd>Alt+K</kbd>
        </button>
      </p>
    )
  return (
    <p className="class-line panel spread">
      <span>
        {say('form.classIs')} <span className="strong">{core.class && say(classWords(core.class))}</span>
        <span className="quiet"> {say('form.classEnough')}</span>
      </span>
      <button type="button" className="quiet-button" onClick={() => choose('counselling')}>
        {say('form.classBack')}
      </button>
    </p>
  )
}
