/* What is disclosed as a table that a person reads: a row a contact, a column for each thing that was chosen. */
import type { DisclosureFact } from '../../domain/disclosure.ts'
import {
  allItems,
  textIn,
  wordsOf,
  type Absence,
  type Answer,
  type Answers,
  type Item,
  type Language,
  type Questionnaire,
  type Value,
} from '../../domain/questionnaire.ts'

/** A contact's part of a disclosure: only what was chosen. */
export interface DisclosedPart {
  number: number
  /** Of the chosen facts only; a fact the contact does not have is null. */
  facts: Partial<Record<Exclude<DisclosureFact, 'times'>, string | null>> & {
    times?: { started: Date; answered: Date | null; ended: Date | null }
  }
  form: Questionnaire
  answers: Answers
}

type Pair = readonly [zh: string, en: string]
const place = (language: Language): 0 | 1 => (language === 'en' ? 1 : 0)

const headers: Readonly<Record<Exclude<DisclosureFact, 'times'>, Pair>> = {
  line: ['线路', 'Line'],
  channel: ['渠道', 'Channel'],
  outcome: ['结果', 'Outcome'],
  class: ['来电类别', 'Class'],
  risk: ['风险等级', 'Risk level'],
  counsellor: ['咨询员', 'Counsellor'],
  callerNumber: ['来电号码', 'Caller’s number'],
}
const timeHeaders: readonly Pair[] = [
  ['来电时间', 'Started'],
  ['接听时间', 'Answered'],
  ['结束时间', 'Ended'],
]

/** Words of the codes that facts are kept in; a code that is not here is its own word. */
const words: Readonly<Record<string, Pair>> = {
  phone: ['电话', 'Phone'],
  'web-call': ['网络通话', 'Web call'],
  chat: ['文字', 'Chat'],
  'by-hand': ['手工补录', 'Entered by hand'],
  answered: ['已接听', 'Answered'],
  'left-in-menu': ['听语音时离开', 'Left in the menu'],
  abandoned: ['排队时放弃', 'Abandoned'],
  'call-back': ['要求回拨', 'Call-back'],
  message: ['留言', 'Message'],
  failed: ['故障', 'Failed'],
  none: ['未见', 'None seen'],
  low: ['低', 'Low'],
  moderate: ['中', 'Moderate'],
  high: ['高', 'High'],
  acute: ['紧急', 'Acute'],
  'danger-key': ['求助者按 0', 'Caller’s key 0'],
  counselling: ['心理咨询', 'Counselling'],
  silent: ['无声', 'Silent'],
  'wrong-number': ['打错', 'Wrong number'],
  prank: ['骚扰', 'Prank'],
  test: ['测试', 'Test'],
  information: ['只问信息', 'Information only'],
}
const absenceWords: Readonly<Record<Absence, Pair>> = {
  unknown: ['不知道', 'Unknown'],
  'not-asked': ['未询问', 'Not asked'],
  declined: ['不愿回答', 'Declined'],
}

const valueText = (item: Item, value: Value, language: Language): string => {
  if (typeof value === 'object') return value.other
  if (typeof value === 'boolean') return (value ? ['是', 'Yes'] : ['否', 'No'])[place(language)] ?? ''
  const option = item.answerOption?.find((one) => one.valueCoding.code === value)?.valueCoding
  return option ? textIn(option.display, option._display, language) : String(value)
}

const answerText = (item: Item | undefined, answer: Answer | undefined, language: Language): string => {
  if (!item || !answer) return ''
  if ('absent' in answer) return absenceWords[answer.absent][place(language)]
  return answer.values.map((value) => valueText(item, value, language)).join('; ')
}

/** An instant as it is read in the hotline's zone: 2026-11-21 18:00:05. */
const timeText = (at: Date | null, zone: string): string =>
  at
    ? new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at)
    : ''

/** The table, header first. Questions stand in the order of the forms; one that several forms ask stands once. */
export function tableOf(
  parts: readonly DisclosedPart[],
  facts: readonly DisclosureFact[],
  questions: readonly string[],
  of: { language: Language; zone: string },
): string[][] {
  const { language, zone } = of
  const chosen = facts.filter((fact) => fact !== 'times')
  const withTimes = facts.includes('times')
  const items = new Map<string, Item>()
  for (const { form } of parts)
    for (const item of allItems(form.item))
      if (questions.includes(item.linkId) && !items.has(item.linkId)) items.set(item.linkId, item)
  const header = [
    ['来电编号', 'Contact number'][place(language)] ?? '',
    ...(withTimes ? timeHeaders.map((pair) => pair[place(language)]) : []),
    ...chosen.map((fact) => headers[fact][place(language)]),
    ...[...items.values()].map((item) => wordsOf(item, language)),
  ]
  const rows = parts.map(({ number, facts: told, form, answers }) => {
    const own = new Map(allItems(form.item).map((item) => [item.linkId, item]))
    const { started = null, answered = null, ended = null } = told.times ?? {}
    return [
      String(number),
      ...(withTimes ? [started, answered, ended].map((at) => timeText(at, zone)) : []),
      ...chosen.map((fact) => words[told[fact] ?? '']?.[place(language)] ?? told[fact] ?? ''),
      ...[...items.keys()].map((linkId) => answerText(own.get(linkId), answers[linkId], language)),
    ]
  })
  return [header, ...rows]
}
