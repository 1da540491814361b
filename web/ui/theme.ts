/** The one place of styling decisions: colours of both themes, type, and what Ant Design makes of them. */
import type { ThemeConfig } from 'antd'
import theme from 'antd/es/theme'

/** What the person chose: by the hour, or always one. */
export type ThemeChoice = 'auto' | 'light' | 'dark'

/** The theme in force. */
export type ThemeName = 'light' | 'dark'

const light = {
  ground: '#f3f5f4',
  surface: '#ffffff',
  raised: '#f8faf9',
  line: '#d5dbd9',
  edge: '#7d8886',
  text: '#1a2120',
  quiet: '#53605d',
  main: '#0b6b62',
  onMain: '#ffffff',
  mainSoft: '#dff0ed',
  amber: '#855000',
  amberSoft: '#fdf0d8',
  red: '#b3261e',
  onRed: '#ffffff',
  redSoft: '#fde9e7',
}

const dark: typeof light = {
  ground: '#101514',
  surface: '#19201f',
  raised: '#202827',
  line: '#333e3c',
  edge: '#7a8885',
  text: '#e4eae8',
  quiet: '#a2afac',
  main: '#55c2b4',
  onMain: '#04211d',
  mainSoft: '#15342f',
  amber: '#f2bb62',
  amberSoft: '#3a2b10',
  red: '#ff8f85',
  onRed: '#2b0603',
  redSoft: '#431a17',
}

/** The colours of both themes. */
export const palettes = { light, dark }

/** System fonts only: nothing is fetched from outside. */
const fontFamily =
  "system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"

/** Nights are dark from 19 to 7: more than 60 % of calls come then. */
export const themeAt = (choice: ThemeChoice, hour: number): ThemeName => {
  if (choice !== 'auto') return choice
  return hour >= 19 || hour < 7 ? 'dark' : 'light'
}

const stored = 'hearthline.theme'

/** The choice kept in this browser. */
export const readThemeChoice = (): ThemeChoice => {
  const value = localStorage.getItem(stored)
  return value === 'light' || value === 'dark' ? value : 'auto'
}

/** Keeps the choice in this browser. */
export const keepThemeChoice = (choice: ThemeChoice): void => localStorage.setItem(stored, choice)

/** Gives the colours to our own style sheet as CSS variables (`--ground`, `--main-soft` ...). */
export function paint(name: ThemeName): void {
  const root = document.documentElement
  root.dataset['theme'] = name
  root.style.colorScheme = name
  root.style.setProperty('--font', fontFamily)
  for (const [key, value] of Object.entries(palettes[name]))
    root.style.setProperty(`--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, value)
}

/** Ant Design in our colours, motion off. */
export function antTheme(name: ThemeName): ThemeConfig {
  const p = palettes[name]
  return {
    algorithm: name === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    cssVar: { key: 'hl' },
    hashed: false,
    token: {
      motion: false,
      fontFamily,
      fontSize: 14,
      borderRadius: 6,
      controlHeight: 36,
      colorPrimary: p.main,
      colorInfo: p.main,
      colorLink: p.main,
      colorError: p.red,
      colorWarning: p.amber,
      colorBgBase: p.surface,
      colorBgLayout: p.ground,
      colorBgContainer: p.surface,
      colorBgElevated: p.raised,
      colorText: p.text,
      colorTextSecondary: p.quiet,
      colorTextDescription: p.quiet,
      colorTextPlaceholder: p.quiet,
      colorBorder: p.edge,
      colorBorderSecondary: p.line,
    },
    components: {
      Button: { primaryColor: p.onMain, dangerColor: p.onRed, primaryShadow: 'none', defaultShadow: 'none' },
      Table: { headerBg: p.raised, cellPaddingBlock: 10, cellPaddingInline: 10 },
    },
  }
}
