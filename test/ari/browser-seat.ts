/** A seat in a real browser: Chromium with JsSIP over WebSocket (what it does is in seat-page.js). */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { build } from 'vite'
import { until } from '../../switchboard/testing/phone.ts'
import { chromiumFlags } from '../chromium.ts'
import { findTool, missing } from '../tools.ts'

/** Why there can be none on this machine, or null. */
export const browserMissing = missing('chromium')

/** Whose seat it is, where it registers, and the tone it says. */
interface SeatLogin {
  url: string
  user: string
  password: string
  hertz: number
}

/** A seat that registered. */
export interface BrowserSeat {
  rings(): Promise<void>
  answer(): Promise<void>
  press(digit: string): Promise<void>
  hangUp(): Promise<void>
  /** Waits until the tone is heard. */
  hears(hertz: number): Promise<void>
  stop(): Promise<void>
}

/** JsSIP as one script for a page. */
async function jsSip(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('jssip')
  const lib = { entry, formats: ['iife' as const], name: 'JsSIP' }
  const made = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib },
  })
  const [bundle] = Array.isArray(made) ? made : [made]
  if (!bundle || !('output' in bundle)) throw new Error('JsSIP was not built')
  return bundle.output[0].code
}

/** Starts a browser and registers there; stop it at the end. */
export async function startBrowserSeat(login: SeatLogin): Promise<BrowserSeat> {
  const code = await jsSip()
  const browser = await chromium.launch({
    executablePath: findTool('chromium') ?? '',
    args: [...chromiumFlags, '--ignore-certificate-errors'],
  })
  const page = await browser.newPage()
  const doing = async <T>(expression: string): Promise<T> => (await page.evaluate(expression)) as T
  const saw = (event: string): Promise<void> =>
    until(`the seat saw ${event}`, async () => (await doing<string[]>('seat.events')).includes(event), 10_000)
  await page.route('**/*', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>seat</title>' }),
  )
  await page.goto('http://localhost/')
  await page.addScriptTag({ content: code })
  await page.addScriptTag({ path: join(import.meta.dirname, 'seat-page.js') })
  await doing(`startSeat(${JSON.stringify(login)})`)
  await saw('registered')
  return {
    rings: () => saw('rings'),
    answer: () => doing('seat.answer()'),
    press: (digit) => doing(`seat.press(${JSON.stringify(digit)})`),
    hangUp: () => doing('seat.hangUp()'),
    hears: (hertz) =>
      until(`the seat hears ${hertz} Hz`, async () => (await doing<number>(`seat.level(${hertz})`)) > -50),
    stop: () => browser.close(),
  }
}
