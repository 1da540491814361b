/** What journeys with telephones set up: desk phones, short words, and what the record and its recordings say. */
import type { z } from 'zod'
import type { listContacts, readContact } from '../../api/contacts.ts'
import { levelOf, tone, wavOf } from '../../switchboard/media/tone.ts'
import type { Product } from '../product.ts'
import { logInAs, until, type Session } from './hotline.ts'
import { startPhone, type Phone } from './phone.ts'

/** A contact's page. */
export type ContactPage = z.infer<(typeof readContact)['reply']>

/** The demo's desk phone of this SIP user, registered, speaking this tone; answers when told to. */
export const deskPhone = async (
  product: Product,
  user: 'phone1' | 'phone2',
  toneHz: number,
): Promise<Phone> => {
  const server = `127.0.0.1:${product.sipPort}`
  const phone = await startPhone({
    toneHz,
    user,
    register: { server, password: 'hearthline-demo', answer: 'manual' },
  })
  try {
    await phone.waitFor('REGISTER_OK')
  } catch (error) {
    await phone.stop()
    throw error
  }
  return phone
}

/** The tone that stands for shortened words. */
export const wordsHz = 600

/** Replaces words by half a second of a tone, as an administrator may; they are heard within three seconds. */
export const shortenPrompts = async (
  product: Pick<Product, 'web'>,
  keys: readonly string[],
): Promise<void> => {
  const admin = await logInAs(product, 'admin')
  const wavBase64 = wavOf(tone(wordsHz, 500)).toString('base64')
  for (const key of keys) await admin.ask('POST', `/prompts/${key}/zh-CN/0`, { words: 'short', wavBase64 })
}

/** The words every caller hears before a choice. */
export const welcome = ['greeting', 'danger', 'consent', 'consent-yes', 'consent-no'] as const

/** The page of the newest contact, or of the one with this number. */
export const pageOf = async (session: Session, number?: number): Promise<ContactPage> => {
  const { rows } = await session.ask<z.infer<(typeof listContacts)['reply']>>('GET', '/contacts?limit=20')
  const row = number === undefined ? rows[0] : rows.find((each) => each.number === number)
  if (!row) throw new Error(`there is no contact ${number ?? ''}`)
  return session.ask<ContactPage>('GET', `/contacts/${row.contactId}`)
}

/** Waits until the newest contact, or the one with this number, is as described. */
export const becomes = async (
  session: Session,
  wanted: Partial<ContactPage>,
  number?: number,
  withinMs = 20_000,
): Promise<ContactPage> => {
  let last: ContactPage | null = null
  const what = `contact ${number ?? ''} to be ${JSON.stringify(wanted)}`
  try {
    return await until(
      what,
      async () => {
        last = await pageOf(session, number).catch(() => null)
        const seen: Record<string, unknown> = { ...last }
        return last !== null && Object.entries(wanted).every(([key, value]) => seen[key] === value) && last
      },
      withinMs,
    )
  } catch {
    const seen = JSON.stringify(last, (key, value: unknown) => (key === 'accesses' ? 'left out' : value))
    throw new Error(`waited ${withinMs} ms for ${what}; it is ${seen}`)
  }
}

/** Waits until this is on the timeline of the newest contact, or of the one with this number. */
export const happened = (
  session: Session,
  kind: string,
  number?: number,
  withinMs = 15_000,
): Promise<ContactPage> =>
  until(
    `"${kind}" happens`,
    async () => {
      const page = await pageOf(session, number).catch(() => null)
      return page !== null && page.timeline.some((each) => each.kind === kind) && page
    },
    withinMs,
  )

/** A recording as it is heard by who may: both channels, 8 kHz. */
export interface Sound {
  seconds: number
  /** Highest level of a tone in any tenth of a second of a channel. */
  peak(side: 'left' | 'right', hz: number): number
  /** How many tenths of a second of a channel have the tone. */
  tenthsWith(side: 'left' | 'right', hz: number): number
}

/** Listens to a recording by the product's own door. */
export const listen = async (session: Session, recordingId: string): Promise<Sound> => {
  const wav = await session.bytes(`/recordings/${recordingId}/sound`)
  const samples = Array.from({ length: Math.floor((wav.length - 44) / 2) }, (_, at) =>
    wav.readInt16LE(44 + at * 2),
  )
  const tenths = (side: 'left' | 'right', hz: number): number[] => {
    const own = samples.filter((_, at) => at % 2 === (side === 'left' ? 0 : 1))
    const levels: number[] = []
    for (let at = 0; at + 800 <= own.length; at += 800) levels.push(levelOf(own.slice(at, at + 800), hz))
    return levels
  }
  return {
    seconds: samples.length / 16_000,
    peak: (side, hz) => Math.max(0, ...tenths(side, hz)),
    tenthsWith: (side, hz) => tenths(side, hz).filter((level) => level > 2000).length,
  }
}
