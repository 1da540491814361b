import ConfigProvider from 'antd/es/config-provider'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { antTheme, keepThemeChoice, paint, readThemeChoice, themeAt, type ThemeChoice } from './theme.ts'
import { useWords } from './words.ts'

const Choice = createContext<{ choice: ThemeChoice; choose: (choice: ThemeChoice) => void }>({
  choice: 'auto',
  choose: () => undefined,
})

/** The person's choice of theme, and the way to change it. */
export const useThemeChoice = (): { choice: ThemeChoice; choose: (choice: ThemeChoice) => void } =>
  useContext(Choice)

/** Theme and language for everything inside; by the hour unless the person chose. */
export function Look({ children }: { children: ReactNode }) {
  const { language } = useWords()
  const [choice, setChoice] = useState(readThemeChoice)
  const [hour, setHour] = useState(() => new Date().getHours())
  useEffect(() => {
    const timer = setInterval(() => setHour(new Date().getHours()), 60_000)
    return () => clearInterval(timer)
  }, [])
  const name = themeAt(choice, hour)
  useEffect(() => paint(name), [name])
  const value = useMemo(
    () => ({
      choice,
      choose: (next: ThemeChoice) => {
        keepThemeChoice(next)
        setChoice(next)
      },
    }),
    [choice],
  )
  return (
    <Choice value={value}>
      <ConfigProvider
        theme={antTheme(name)}
        locale={language === 'zh-CN' ? zhCN : enUS}
        button={{ autoInsertSpace: false }}
        wave={{ disabled: true }}
      >
        {children}
      </ConfigProvider>
    </Choice>
  )
}
