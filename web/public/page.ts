/** The public page's script: lines that are true now, the call from the page, language, quick exit. */
import type { Reply } from '../../api/endpoint.ts'
import type { publicPage } from '../../api/public.ts'
import type { PageCall } from './call.ts'
import { inBoth, type PageLanguage, type PageWord } from './words.ts'

type Line = Reply<typeof publicPage>['lines'][number]

const part = <T extends HTMLElement>(id: string, kind: new () => T): T => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`)
  return found
}

const list = part('lines', HTMLUListElement)
const talk = part('talk', HTMLDivElement)
const stateWords = part('talk-state', HTMLParagraphElement)
const time = part('talk-time', HTMLParagraphElement)
const muteButton = part('mute', HTMLButtonElement)
const exit = part('exit', HTMLAnchorElement)

let call: PageCall | null = null
let clock: ReturnType<typeof setInterval> | undefined

/* Language: the address, else the browser's first that we have. */
function speak(language: PageLanguage): void {
  document.documentElement.lang = language
  document.title = language === 'en' ? 'Psychological aid line' : '心理援助热线'
}
const wantsEnglish =
  location.hash === '#en' || !navigator.languages.some((one) => one.toLowerCase().startsWith('zh'))
speak(wantsEnglish ? 'en' : 'zh-CN')
for (const [id, language] of [
  ['to-en', 'en'],
  ['to-zh', 'zh-CN'],
] as const)
  part(id, HTMLAnchorElement).addEventListener('click', (event) => {
    event.preventDefault()
    history.replaceState(null, '', language === 'en' ? '#en' : location.pathname)
    speak(language)
  })

/* Quick exit: this page leaves the history as well, as far as a page can. */
function leave(): void {
  call?.end()
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

function tell(word: PageWord): void {
  stateWords.replaceChildren(inBoth(word))
  if (word !== 'talking' || clock !== undefined) return
  const start = performance.now()
  clock = setInterval(() => {
    const s = Math.floor((performance.now() - start) / 1000)
    time.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
  }, 500)
}

const callButtons = (): HTMLButtonElement[] => [...list.querySelectorAll('button')]

function over(): void {
  clearInterval(clock)
  clock = undefined
  call = null
  time.textContent = ''
  talk.classList.remove('up')
  for (const control of talk.querySelectorAll('button')) control.hidden = true
  for (const button of callButtons()) button.disabled = false
}

async function start(line: Line): Promise<void> {
  for (const button of callButtons()) button.disabled = true
  talk.hidden = false
  for (const control of talk.querySelectorAll('button')) control.hidden = false
  muteButton.setAttribute('aria-pressed', 'false')
  const { callLine, CallRefusal } = await import('./call.ts')
  try {
    call = await callLine(line.lineId, tell, over)
  } catch (failure) {
    over()
    tell(failure instanceof CallRefusal ? failure.word : 'failed')
  }
}

for (const button of talk.querySelectorAll<HTMLButtonElement>('[data-key]'))
  button.addEventListener('click', () => call?.press(button.dataset['key'] ?? ''))
muteButton.addEventListener('click', () => {
  const on = muteButton.getAttribute('aria-pressed') !== 'true'
  muteButton.setAttribute('aria-pressed', String(on))
  call?.mute(on)
})
part('end', HTMLButtonElement).addEventListener('click', () => call?.end())
window.addEventListener('pagehide', () => call?.end())

function row(line: Line): HTMLLIElement {
  const item = document.createElement('li')
  const words = document.createElement('div')
  const name = document.createElement('span')
  name.className = 'line-name'
  name.textContent = line.name
  const number = document.createElement('a')
  number.className = 'number'
  number.href = `tel:${line.number}`
  number.textContent = line.number
  const state = document.createElement('span')
  state.className = 'line-name'
  state.append(inBoth(line.openNow ? (line.onDuty ? 'onDuty' : 'nobody') : 'closed'))
  words.append(name, number, state)
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'main'
  button.append(inBoth('callHere'))
  button.addEventListener('click', () => void start(line))
  item.append(words, button)
  return item
}

async function showLines(): Promise<void> {
  const response = await fetch('/api/v1/public').catch(() => null)
  if (!response?.ok) {
    const trouble = document.createElement('li')
    trouble.append(inBoth('away'))
    list.replaceChildren(trouble)
    return
  }
  const page = (await response.json()) as Reply<typeof publicPage>
  const hotline = part('hotline', HTMLSpanElement)
  if (page.hotline !== '' && !hotline.querySelector('b')) {
    const name = document.createElement('b')
    name.textContent = page.hotline
    hotline.prepend(name)
  }
  list.replaceChildren(...page.lines.map(row))
}

void showLines()
