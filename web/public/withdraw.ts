/**
 * A caller takes consent back by the code they were given: no log-in, no name, nothing kept on this device. The code travels
 * in bodies only (G24-7.5a).
 */
import type { Reply } from '../../api/endpoint.ts'
import type { openByCode } from '../../api/retention.ts'
import { withdrawWords, type WithdrawWord } from './withdraw-words.ts'
import { spans, type PageLanguage } from './words.ts'

type Standing = Reply<typeof openByCode>['standing']
type Purpose = Standing[number]['purpose']

const part = <T extends HTMLElement>(id: string, kind: new () => T): T => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`)
  return found
}

const form = part('ask', HTMLFormElement)
const field = part('code', HTMLInputElement)
const told = part('told', HTMLParagraphElement)
const list = part('standing', HTMLUListElement)
const exit = part('exit', HTMLAnchorElement)

const say = (key: WithdrawWord): DocumentFragment => spans(withdrawWords[key])
const tell = (key: WithdrawWord): void => told.replaceChildren(say(key))

function speak(language: PageLanguage): void {
  document.documentElement.lang = language
  document.title = language === 'en' ? 'Take consent back' : '撤回同意'
}
const chinese = navigator.languages.some((one) => one.toLowerCase().startsWith('zh'))
speak(chinese ? 'zh-CN' : 'en')
part('to-en', HTMLButtonElement).addEventListener('click', () => speak('en'))
part('to-zh', HTMLButtonElement).addEventListener('click', () => speak('zh-CN'))

/* Quick exit: this page leaves the history as well, as far as a page can. */
function leave(): void {
  document.body.hidden = true
  location.replace(exit.href)
}
exit.addEventListener('click', (event) => {
  event.preventDefault()
  leave()
})
let escapedAt = Number.NEGATIVE_INFINITY
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  if (event.timeStamp - escapedAt < 1500) leave()
  escapedAt = event.timeStamp
})

const failures: Readonly<Record<string, WithdrawWord>> = {
  'code.invalid': 'invalid',
  'request.malformed': 'invalid',
  'code.locked': 'locked',
  'request.tooMany': 'busy',
  'call.wrongState': 'live',
}
/** What taking a purpose back does, where it does something at once. */
const done: Readonly<Partial<Record<Purpose, WithdrawWord>>> = {
  recording: 'doneRecording',
  'follow-up': 'doneFollowUp',
}

/** Asks the hotline; null when it refused, which is then told. */
async function ask(path: 'consents' | 'withdrawals', body: object): Promise<Standing | null> {
  const response = await fetch(`/api/v1/public/${path}`, {
    method: 'POST',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: field.value, ...body }),
  }).catch(() => null)
  const answer: unknown = await response?.json().catch(() => null)
  if (response?.ok) return (answer as Reply<typeof openByCode>).standing
  const code = answer && typeof answer === 'object' && 'code' in answer ? String(answer.code) : ''
  tell(failures[code] ?? 'failed')
  return null
}

/** A button that asks once more before it takes back. */
function takeBack(purpose: Purpose): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'main'
  button.setAttribute('aria-describedby', `of-${purpose}`)
  button.append(say('takeBack'))
  let sure = false
  button.addEventListener('click', () => {
    if (sure) {
      button.disabled = true
      void withdraw(purpose).finally(() => (button.disabled = false))
      return
    }
    sure = true
    button.replaceChildren(say('sure'))
  })
  return button
}

function show(standing: Standing): void {
  const asked = standing.filter(({ state }) => state !== null)
  list.replaceChildren(
    ...asked.map(({ purpose, state }) => {
      const row = document.createElement('li')
      const words = document.createElement('span')
      words.id = `of-${purpose}`
      words.append(say(purpose), ' · ', say(state ?? 'refused'))
      row.append(words)
      if (state === 'given') row.append(takeBack(purpose))
      return row
    }),
  )
  if (asked.length === 0) tell('nothing')
}

async function withdraw(purpose: Purpose): Promise<void> {
  const standing = await ask('withdrawals', { purpose })
  if (!standing) return
  show(standing)
  tell(done[purpose] ?? 'done')
  // The button that was pressed is gone.
  told.focus()
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  told.replaceChildren()
  list.replaceChildren()
  void ask('consents', {}).then((standing) => standing && show(standing))
})
