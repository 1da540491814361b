/** All words of the screens: every key has both languages side by side, and a key that is not here does not compile. */
import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import type { ProblemCode } from '../../domain/problem.ts'
import { Refusal } from './request.ts'
import type { Language } from './time.ts'
import { account } from './words/account.ts'
import { admin } from './words/admin.ts'
import { assessment } from './words/assessment.ts'
import { board } from './words/board.ts'
import { caller } from './words/caller.ts'
import { contact } from './words/contact.ts'
import { crisis } from './words/crisis.ts'
import { custody } from './words/custody.ts'
import { desk } from './words/desk.ts'
import { disclosure } from './words/disclosure.ts'
import { form } from './words/form.ts'
import { forms } from './words/forms.ts'
import { incident } from './words/incident.ts'
import { oversight } from './words/oversight.ts'
import { problem } from './words/problem.ts'
import { resource } from './words/resource.ts'
import { role } from './words/role.ts'
import { shared } from './words/shared.ts'
import { supervise } from './words/supervise.ts'
import { task } from './words/task.ts'

/** Every key with its words: 中文, English. */
export const words = {
  ...shared,
  ...problem,
  ...account,
  ...desk,
  ...disclosure,
  ...form,
  ...contact,
  ...board,
  ...admin,
  ...forms,
  ...assessment,
  ...crisis,
  ...incident,
  ...supervise,
  ...task,
  ...caller,
  ...resource,
  ...oversight,
  ...role,
  ...custody,
} satisfies Record<string, readonly [string, string]>

/** A key of {@link words}. */
export type WordKey = keyof typeof words

/** Every problem a person can meet has words: a missing one does not compile. */
type ProblemWords = `problem.${ProblemCode | 'network'}`
const problemKey = (code: ProblemCode | 'network'): ProblemWords & WordKey => `problem.${code}`

const stored = 'hearthline.language'

const table = (place: 0 | 1): Record<string, string> =>
  Object.fromEntries(Object.entries(words).map(([key, pair]) => [key, pair[place]]))

/** The language this browser chose, or null while the hotline's own decides. */
export const keptLanguage = (): Language | null => {
  const value = localStorage.getItem(stored)
  return value === 'zh-CN' || value === 'en' ? value : null
}

/** Makes the words ready; before the first screen. */
export async function startWords(): Promise<void> {
  await i18next.init({
    lng: keptLanguage() ?? 'zh-CN',
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { 'zh-CN': { translation: table(0) }, en: { translation: table(1) } },
  })
  document.documentElement.lang = i18next.language
}

/** Changes the language; `keep` remembers it in this browser (the person chose it). */
export function changeLanguage(language: Language, keep: boolean): void {
  if (keep) localStorage.setItem(stored, language)
  document.documentElement.lang = language
  void i18next.changeLanguage(language)
}

/** Says a key in the present language. */
export type Say = (key: WordKey, values?: Record<string, string | number>) => string

/** Words and language of the screens; the component speaks again when the language changes. */
export function useWords(): { say: Say; language: Language } {
  const { t, i18n } = useTranslation('translation', { i18n: i18next, useSuspense: false })
  return { say: (key, values) => t(key, values ?? {}), language: i18n.language === 'en' ? 'en' : 'zh-CN' }
}

/** What to tell the person about any failure. */
export const sayProblem = (say: Say, failure: unknown): string =>
  say(problemKey(failure instanceof Refusal ? failure.code : 'server.failed'))
