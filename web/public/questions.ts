/**
 * A caller fills in an instrument in their own browser: one question a screen, no log-in, nothing kept on this device. The
 * token stands behind `#` in the address and travels in bodies only. It never shows a score (G24-4.3.4).
 */
import type { openLink } from '../../api/assessment.ts'
import type { Reply } from '../../api/endpoint.ts'
import type { publicPage } from '../../api/public.ts'
import { questionWords, type QuestionWord } from './questions-words.ts'
import { spans, type PageLanguage } from './words.ts'

type Sheet = Reply<typeof openLink>
type Question = Sheet['questions'][number]

const stage = document.querySelector<HTMLElement>('#stage') ?? document.body
const exit = document.querySelector<HTMLAnchorElement>('#exit')
const token = location.hash.slice(1)

let sheet: Sheet | null = null
const answers = new Map<string, number>()
/** Whether the hotline heard of a critical answer. */
let heard = false
/** Draws the present screen again, after a change of language. */
let redraw = (): void => undefined

const say = (key: QuestionWord): DocumentFragment => spans(questionWords[key])

function element(tag: string, className: string, ...parts: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...parts)
  return made
}

function button(key: QuestionWord, className: string, press: () => void): HTMLElement {
  const made = element('button', className, say(key))
  made.setAttribute('type', 'button')
  made.addEventListener('click', press)
  return made
}

/** Puts a screen up; what was read before is over, so reading starts at its top. */
function show(...parts: (Node | string)[]): void {
  stage.replaceChildren(...parts)
  stage.focus({ preventScroll: true })
  window.scrollTo({ top: 0 })
}

async function post(path: string, body: object): Promise<{ ok: boolean; code: string; answer: unknown }> {
  const response = await fetch(`/api/v1/public/questions${path}`, {
    method: 'POST',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...body }),
  }).catch(() => null)
  const answer: unknown = await response?.json().catch(() => null)
  const code = answer && typeof answer === 'object' && 'code' in answer ? String(answer.code) : 'network'
  return { ok: response?.ok === true, code, answer }
}

/* What stands on the way. */
const troubles: Readonly<Record<string, readonly [QuestionWord, QuestionWord]>> = {
  'link.invalid': ['invalid', 'invalidWhy'],
  'request.malformed': ['invalid', 'invalidWhy'],
  'instrument.noText': ['invalid', 'invalidWhy'],
  'instrument.notFound': ['invalid', 'invalidWhy'],
  'link.expired': ['expired', 'expiredWhy'],
  'link.used': ['used', 'usedWhy'],
  'request.tooMany': ['tooMany', 'tooManyWhy'],
}

function showTrouble(code: string): void {
  const [title, why] = troubles[code] ?? (['away', 'awayWhy'] as const)
  const final = ['invalid', 'expired', 'used'].includes(title)
  show(
    element('h1', '', say(title)),
    element('p', '', say(why)),
    ...(final ? [] : [button('again', 'main', () => void open())]),
  )
  void showNumbers()
}

/* Language. */
function speak(language: PageLanguage): void {
  document.documentElement.lang = language
  document.title = questionWords.title[language === 'en' ? 1 : 0]
}

async function changeLanguage(language: PageLanguage): Promise<void> {
  speak(language)
  if (!sheet?.languages.includes(language) || sheet.language === language) return
  const reply = await post('', { language })
  if (!reply.ok) return
  sheet = reply.answer as Sheet
  redraw()
}

/* The questions. */
const asked = (): Question[] =>
  (sheet?.questions ?? []).filter((one) => one.when.every(({ item, value }) => answers.get(item) === value))

const isCritical = (question: Question): boolean =>
  question.critical !== null && (answers.get(question.item) ?? Number.NEGATIVE_INFINITY) >= question.critical

const given = (): Record<string, number> => Object.fromEntries(answers)

/** Says how to get help now; told to the hotline at once, whatever becomes of the rest. */
function care(): HTMLElement {
  const line = element('p', 'row')
  for (const { number } of sheet?.numbers ?? []) {
    const dial = element('a', 'number', number)
    dial.setAttribute('href', `tel:${number}`)
    line.append(dial)
  }
  const told = element('p', '', say(heard ? 'careTalking' : 'careUnsent'))
  const box = element(
    'div',
    'care',
    element('p', 'question', say('care')),
    element('p', '', say('careNow')),
    ...(line.children.length > 0 ? [element('p', '', say('careCall')), line] : []),
    told,
  )
  box.setAttribute('role', 'alert')
  if (!heard)
    void post('/critical', { answers: given() }).then(({ ok }) => {
      heard ||= ok
      if (ok) told.replaceChildren(say('careTalking'))
    })
  return box
}

function choices(question: Question, place: number): HTMLElement {
  const group = element('div', 'choices')
  group.setAttribute('role', 'group')
  group.setAttribute('aria-labelledby', 'question')
  question.options.forEach(({ value, words }, at) => {
    const digit = element('span', 'digit', String(at + 1))
    digit.setAttribute('aria-hidden', 'true')
    const option = element('button', '', digit, element('span', '', words))
    option.setAttribute('type', 'button')
    option.setAttribute('aria-pressed', String(answers.get(question.item) === value))
    option.addEventListener('click', () => choose(question, value, place))
    group.append(option)
  })
  return group
}

function choose(question: Question, value: number, place: number): void {
  answers.set(question.item, value)
  // After such an answer nobody is hurried on: it is answered first.
  if (isCritical(question)) ask(place)
  else ask(place + 1)
}

function ask(place: number): void {
  const questions = asked()
  const question = questions[place]
  redraw = () => ask(place)
  if (!question || !sheet) return showEnd()
  const bar = document.createElement('progress')
  bar.max = questions.length
  bar.value = place + 1
  bar.setAttribute('aria-hidden', 'true')
  const critical = isCritical(question)
  const words = element('h1', 'question', question.text)
  words.id = 'question'
  words.lang = sheet.language
  const go = button(answers.has(question.item) ? 'next' : 'skip', critical ? 'main' : '', () =>
    ask(place + 1),
  )
  show(
    element(
      'p',
      'progress',
      `${place + 1} / ${questions.length}`,
      ...(question.required ? [] : [' · ', say('optional')]),
    ),
    bar,
    ...(sheet.intro === '' ? [] : [intro(sheet)]),
    words,
    choices(question, place),
    ...(critical ? [care()] : []),
    element(
      'div',
      'steps',
      button('back', '', () => (place === 0 ? showStart() : ask(place - 1))),
      go,
    ),
  )
}

const intro = (of: Sheet): HTMLElement => {
  const words = element('p', 'intro', of.intro)
  words.lang = of.language
  return words
}

function showStart(): void {
  if (!sheet) return
  redraw = showStart
  const credit = element('p', 'credit', sheet.credit[document.documentElement.lang === 'en' ? 'en' : 'zh-CN'])
  show(
    element('h1', '', say('title')),
    element('p', '', say('why')),
    element('p', '', say('who')),
    element('p', '', say('noDiagnosis')),
    element(
      'div',
      'steps',
      button('start', 'main', () => ask(0)),
    ),
    credit,
  )
}

function showEnd(problem?: string): void {
  redraw = () => showEnd(problem)
  const questions = asked()
  const open = questions.findIndex((one) => one.required && !answers.has(one.item))
  const left = questions.filter((one) => one.required && !answers.has(one.item)).length
  const count = element(
    'p',
    '',
    left === 0
      ? say('readyAll')
      : spans([
          `还有 ${left} 题没有回答，可以回去看看，也可以就这样交。`,
          `${left} not answered. Go back to them, or send it as it is.`,
        ]),
  )
  const trouble = element('p', 'trouble')
  trouble.setAttribute('role', 'status')
  if (problem !== undefined) trouble.append(say('unsent'))
  const critical = questions.some(isCritical)
  show(
    element('h1', '', say('ready')),
    count,
    trouble,
    ...(critical ? [care()] : []),
    element(
      'div',
      'steps',
      button('back', '', () => ask(questions.length - 1)),
      ...(open === -1 ? [] : [button('toOpen', '', () => ask(open))]),
      button('send', 'main', () => void send(trouble, critical)),
    ),
  )
}

async function send(trouble: HTMLElement, critical: boolean): Promise<void> {
  if (!sheet) return
  trouble.replaceChildren(say('sending'))
  for (const one of stage.querySelectorAll('button')) one.disabled = true
  const { ok, code } = await post('/answers', { language: sheet.language, answers: given() })
  if (!ok) return code in troubles && code !== 'request.tooMany' ? showTrouble(code) : showEnd(code)
  heard = true
  redraw = () => undefined
  const last = critical ? [care()] : []
  answers.clear()
  history.replaceState(null, '', location.pathname)
  show(element('h1', '', say('thanks')), element('p', '', say('thanksWhy')), ...last)
}

/* Quick exit: this page leaves the history as well, as far as a page can. */
function leave(): void {
  document.body.hidden = true
  location.replace(exit?.href ?? 'about:blank')
}
exit?.addEventListener('click', (event) => {
  event.preventDefault()
  leave()
})
let escapedAt = Number.NEGATIVE_INFINITY
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    if (event.timeStamp - escapedAt < 1500) leave()
    escapedAt = event.timeStamp
  }
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return
  stage.querySelectorAll<HTMLButtonElement>('.choices button')[Number(event.key) - 1]?.click()
})
for (const [id, language] of [
  ['to-en', 'en'],
  ['to-zh', 'zh-CN'],
] as const)
  document.querySelector(`#${id}`)?.addEventListener('click', () => void changeLanguage(language))

function showHotline({ hotline, numbers }: Pick<Sheet, 'hotline' | 'numbers'>): void {
  const name = element('b', '', hotline)
  if (hotline !== '') document.querySelector('#hotline')?.replaceChildren(name)
  const list = document.querySelector('#numbers')
  // One number is enough at the foot of every screen; the others are in the words after a critical answer.
  for (const { number } of numbers.slice(0, 1)) {
    if (list?.querySelector(`[href="tel:${CSS.escape(number)}"]`)) continue
    const small = element('small', '', spans(['热线', 'hotline']))
    const dial = element('a', 'number', number, ' ', small)
    dial.setAttribute('href', `tel:${number}`)
    list?.append(dial)
  }
}

/** Where no link opens, the hotline's number is still there to call. */
async function showNumbers(): Promise<void> {
  const response = await fetch('/api/v1/public', { credentials: 'omit' }).catch(() => null)
  if (!response?.ok) return
  const page = (await response.json()) as Reply<typeof publicPage>
  showHotline({ hotline: page.hotline, numbers: page.lines.filter((line) => line.kind === 'general') })
}

async function open(): Promise<void> {
  show(element('p', '', say('loading')))
  if (token === '') return showTrouble('link.invalid')
  const reply = await post('', {})
  if (!reply.ok) return showTrouble(reply.code)
  sheet = reply.answer as Sheet
  speak(sheet.language)
  showHotline(sheet)
  showStart()
}

speak(navigator.languages.some((one) => one.toLowerCase().startsWith('zh')) ? 'zh-CN' : 'en')
void open()
