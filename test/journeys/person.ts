/**
 * Somebody at the screen: a Chromium of their own whose microphone speaks a tone and whose ear is measured. The page is
 * used as a person would use it; only the browser's sound processing is switched off, because it would remove tones.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from '@playwright/test'
import { chromiumFlags } from '../chromium.ts'
import type { Product } from '../product.ts'

/** A person at a browser. */
export interface Person {
  page: Page
  /** Level of a tone in what the page plays, in decibels below full scale; -200 when nothing plays. */
  hears(hz: number): Promise<number>
  leave(): Promise<void>
}

/** A 48 kHz WAV, as Chromium's fake microphone wants it; it plays it over and over. */
const microphoneFile = (folder: string, hz: number): string => {
  const samples = 48_000 * 10
  const wav = Buffer.alloc(44 + samples * 2)
  wav.write('RIFF', 0, 'latin1')
  wav.writeUInt32LE(36 + samples * 2, 4)
  wav.write('WAVEfmt ', 8, 'latin1')
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(48_000, 24)
  wav.writeUInt32LE(96_000, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36, 'latin1')
  wav.writeUInt32LE(samples * 2, 40)
  for (let n = 0; n < samples; n += 1)
    wav.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hz * n) / 48_000)), 44 + n * 2)
  const path = join(folder, 'microphone.wav')
  writeFileSync(path, wav)
  return path
}

/** Somebody of the demonstration at a page of their own in a browser that is open, without sound. */
export const atScreen = async (product: Product, browser: Browser, name: string): Promise<Page> => {
  const page = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  const answer = await page.request.post(`${product.web}/api/v1/session`, {
    headers: { origin: product.web },
    data: { name, passphrase: 'hearthline-demo' },
  })
  if (!answer.ok()) throw new Error(`${name} could not log in: ${answer.status()}`)
  return page
}

/** Opens a browser at `web`; with a name, logged in as that demo user. */
export const aPersonAt = async (web: string, toneHz: number, name?: string): Promise<Person> => {
  const folder = mkdtempSync(join(tmpdir(), 'person-'))
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...chromiumFlags, `--use-file-for-fake-audio-capture=${microphoneFile(folder, toneHz)}`],
  })
  const context = await browser.newContext({ locale: 'zh-CN', permissions: ['microphone', 'notifications'] })
  const page = await context.newPage()
  await page.addInitScript({ path: join(import.meta.dirname, 'ears.js') })
  if (name !== undefined) {
    const answer = await page.request.post(`${web}/api/v1/session`, {
      headers: { origin: web },
      data: { name, passphrase: 'hearthline-demo' },
    })
    if (!answer.ok()) throw new Error(`${name} could not log in: ${answer.status()}`)
  }
  return {
    page,
    hears: (hz) => page.evaluate<number>(`window.toneLevel(${hz})`),
    leave: async () => {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Goes on duty by the page, as a counsellor does, and waits until calls are taken. */
export const goOnDuty = async (person: Person, web: string): Promise<void> => {
  await person.page.goto(`${web}/desk`)
  await person.page.getByRole('button', { name: '上岗', exact: true }).click()
  await person.page.getByText(/空闲/).first().waitFor({ timeout: 15_000 })
}
