import { useId } from 'react'
import { bothWords, isQuestion, itemOf, placeOf, type ItemChange } from '../../../domain/form-editing.ts'
import type { FormFault } from '../../../domain/form-judgement.ts'
import {
  allItems,
  isCore,
  isIdentifying,
  itemTypes,
  purposeOf,
  stageOf,
  type Item,
  type Questionnaire,
} from '../../../domain/questionnaire.ts'
import { stages } from '../../../domain/stage.ts'
import { Notice } from '../../ui/Notice.tsx'
import { useWords } from '../../ui/words.ts'
import { AnswerPart, Tick, type PartProps } from './AnswerPart.tsx'
import { Conditions } from './Conditions.tsx'
import { calledBy, nameIn, type Speaker } from './phrases.ts'

interface Props {
  /** The whole form as a contact would be asked. */
  form: Questionnaire
  item: Item
  /** Of the base, seen in a line's form: to be read only. */
  locked: boolean
  faults: readonly FormFault[]
  /** Groups the item can be moved to; null is the top. */
  groups: readonly (string | null)[]
  change: (change: ItemChange, key?: string) => void
  move: (where: 'up' | 'down') => void
  moveTo: (group: string | null) => void
  remove: () => void
}

function Words({ item, change }: PartProps) {
  const { say } = useWords()
  const words = bothWords(item.text, item._text, 'zh-CN')
  return (['zh', 'en'] as const).map((language) => (
    <label key={language} className="item-field">
      <span>{say(language === 'zh' ? 'forms.wordsZh' : 'forms.wordsEn')}</span>
      <textarea
        className="box"
        rows={2}
        maxLength={2000}
        lang={language === 'zh' ? 'zh-CN' : 'en'}
        value={words[language]}
        onChange={(event) => change({ words: { ...words, [language]: event.target.value } }, language)}
      />
    </label>
  ))
}

function Kind({ form, item, change }: PartProps) {
  const { say } = useWords()
  const atTop = placeOf(form.item, item.linkId)?.parent === null
  return (
    <div className="item-pair">
      <label className="item-field">
        <span>{say('forms.type')}</span>
        <select
          className="box"
          value={item.type}
          disabled={isCore(item) || Boolean(item.item?.length)}
          onChange={(event) => {
            const type = itemTypes.find((each) => each === event.target.value)
            if (type) change({ type })
          }}
        >
          {itemTypes.map((type) => (
            <option key={type} value={type}>
              {say(`forms.type.${type}`)}
            </option>
          ))}
        </select>
      </label>
      {item.type === 'group' && atTop && (
        <label className="item-field">
          <span>{say('forms.stage')}</span>
          <select
            className="box"
            value={stageOf(item) ?? ''}
            onChange={(event) =>
              change({ stage: stages.find((each) => each === event.target.value) ?? null })
            }
          >
            <option value="">{say('forms.stageNone')}</option>
            {stages.map((stage) => (
              <option key={stage} value={stage}>
                {say(`forms.stage.${stage}`)}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  )
}

/** What an answer is needed for (G24-7.5b), and whether it can tell who somebody is. */
function Purpose({ form, item, change }: PartProps) {
  const { say } = useWords()
  const list = useId()
  const known = [...new Set(allItems(form.item).map(purposeOf))].filter(Boolean)
  return (
    <>
      <label className="item-field">
        <span>{say('forms.purpose')}</span>
        <input
          className="box"
          list={list}
          maxLength={200}
          value={purposeOf(item)}
          onChange={(event) => change({ purpose: event.target.value }, 'purpose')}
        />
        <span className="hint">{say('forms.purposeHow')}</span>
      </label>
      <datalist id={list}>
        {known.map((purpose) => (
          <option key={purpose} value={purpose} />
        ))}
      </datalist>
      <Tick
        words={say('forms.identifying')}
        on={isIdentifying(item)}
        disabled={isCore(item)}
        onChange={(identifying) => change({ identifying })}
      />
    </>
  )
}

function Position({ form, item, groups, move, moveTo, remove }: Props) {
  const speaker = useWords()
  const { say } = speaker
  const parent = placeOf(form.item, item.linkId)?.parent ?? null
  const within = new Set(allItems([item]).map((each) => each.linkId))
  const open = groups.filter((group) => group === null || !within.has(group))
  return (
    <fieldset className="field stack">
      <legend>{say('forms.place')}</legend>
      <div className="row">
        <button type="button" className="plain" onClick={() => move('up')}>
          ↑ {say('forms.up')}
        </button>
        <button type="button" className="plain" onClick={() => move('down')}>
          ↓ {say('forms.down')}
        </button>
        <button type="button" className="plain" disabled={allItems([item]).some(isCore)} onClick={remove}>
          {say('forms.remove')}
        </button>
      </div>
      <label className="item-field">
        <span>{say('forms.into')}</span>
        <select
          className="box"
          value={parent ?? ''}
          onChange={(event) => moveTo(event.target.value === '' ? null : event.target.value)}
        >
          {!open.includes(parent) && <option value={parent ?? ''}>{nameIn(form, parent, speaker)}</option>}
          {open.map((group) => (
            <option key={group ?? ''} value={group ?? ''}>
              {nameIn(form, group, speaker)}
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  )
}

/** What a fault is about: one of the item's choices by its place, else another item by its words. */
function aboutText(form: Questionnaire, fault: FormFault, about: string, speaker: Speaker): string {
  if (fault.code !== 'optionTwice' && fault.code !== 'optionNoWords') return nameIn(form, about, speaker)
  const options = itemOf(form, fault.linkId)?.answerOption ?? []
  const at = options.findLastIndex((each) => each.valueCoding.code === about)
  return speaker.say('forms.optionN', { n: at + 1 })
}

/** What is to be mended at the item, in words. */
export function FaultList({ form, faults }: { form: Questionnaire; faults: readonly FormFault[] }) {
  const speaker = useWords()
  const { say } = speaker
  return (
    <ul className="fault-list">
      {faults.map((fault, at) => (
        <li key={at}>
          {say(`forms.fault.${fault.code}`)}
          {fault.about !== undefined &&
            fault.about !== fault.linkId &&
            say('forms.faultAbout', { about: aboutText(form, fault, fault.about, speaker) })}
        </li>
      ))}
    </ul>
  )
}

/** The properties of the chosen item. */
export function ItemPanel(props: Props) {
  const speaker = useWords()
  const { say } = speaker
  const { form, item, locked, faults, change } = props
  const part = { form, item, change }
  const core = isCore(item)
  return (
    <section className="card stack item-panel" aria-label={say('forms.item')}>
      <div className="spread">
        <h2>{calledBy(item, speaker)}</h2>
        <span className="quiet">
          {say('forms.linkId')} <code>{item.linkId}</code>
        </span>
      </div>
      {faults.length > 0 && (
        <Notice tone="soon">
          <FaultList form={form} faults={faults} />
        </Notice>
      )}
      {locked && <Notice>{say('forms.lockedBase')}</Notice>}
      {!locked && core && <Notice>{say('forms.lockedCore')}</Notice>}
      <fieldset className="stack item-fields" disabled={locked}>
        <Words {...part} />
        <Kind {...part} />
        <AnswerPart {...part} />
        {isQuestion(item.type) && <Purpose {...part} />}
        {!core && (
          <Conditions
            form={form}
            item={item}
            onChange={(conditions) => change({ conditions }, 'conditions')}
          />
        )}
        {!locked && <Position {...props} />}
      </fieldset>
    </section>
  )
}
