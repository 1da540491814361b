import { useThemeChoice } from './Look.tsx'
import type { ThemeChoice } from './theme.ts'
import { changeLanguage, useWords } from './words.ts'

const after: Record<ThemeChoice, ThemeChoice> = { auto: 'light', light: 'dark', dark: 'auto' }

/** Language and theme: two quiet buttons. */
export function Switches() {
  const { say, language } = useWords()
  const { choice, choose } = useThemeChoice()
  return (
    <span className="switches">
      <button type="button" className="quiet-button" onClick={() => choose(after[choice])}>
        {say(`theme.${choice}`)}
      </button>
      <button
        type="button"
        className="quiet-button"
        lang={language === 'zh-CN' ? 'en' : 'zh-CN'}
        onClick={() => changeLanguage(language === 'zh-CN' ? 'en' : 'zh-CN', true)}
      >
        {say('language.other')}
      </button>
    </span>
  )
}
