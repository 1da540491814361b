/* What anybody may ask: the public page, and a telephone account for one call from it. */
import { randomInt } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import type { Reply } from '../../api/endpoint.ts'
import { guestPhone, publicPage } from '../../api/public.ts'
import { Problem } from '../../domain/problem.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { servePublic } from '../http/serve.ts'
import { goodForMs, startGuests, type GuestDevices } from './guests.ts'
import { openLines, readHotline } from './lines.ts'

/** What the public routes are given. */
export interface PublicDeps extends GuestDevices {
  /** Paths by which a page reaches each switchboard. */
  sipAddresses: readonly string[]
  /** Whether calls from the page can be taken now. */
  callsUp: () => boolean
}

/** What the public page says now. */
async function publicPageNow(db: Database, now: Date): Promise<Reply<typeof publicPage>> {
  const [hotlineId] = await allHotlines(db)
  if (hotlineId === undefined) return { hotline: '', language: 'zh-CN', lines: [] }
  return inHotline(db, hotlineId, (tx) => pageOf(tx, now))
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** The page's file with the hotline's name and numbers in it; its script shows them anew with the call buttons. */
export async function filledPage(html: string, db: Database, now: Date): Promise<string> {
  // A page without numbers is better than none: 110 and 120 stand in the file.
  const page = await publicPageNow(db, now).catch(() => null)
  if (!page) return html
  const rows = page.lines.map(
    ({ name, number }) =>
      `<li><div><span class="line-name">${escaped(name)}</span><a class="number" href="tel:${escaped(number)}">${escaped(number)}</a></div></li>`,
  )
  return html
    .replace('<!--lines-->', () => rows.join(''))
    .replace('<!--hotline-->', () => (page.hotline === '' ? '' : `<b>${escaped(page.hotline)}</b>`))
}

/** Serves the public page and the guest's telephone. */
export function publicRoutes(app: FastifyInstance, deps: PublicDeps): void {
  const { db } = app.ground
  servePublic(app, publicPage, (context) => publicPageNow(db, context.now()))
  const takeAccount = startGuests(deps)
  servePublic(app, guestPhone, async (context, { body }) => {
    const [hotlineId] = await allHotlines(db)
    if (hotlineId === undefined) throw new Problem('line.notFound')
    const lines = await inHotline(db, hotlineId, (tx) => openLines(tx, context.now()))
    const line = lines.find((one) => one.lineId === body.lineId)
    if (!line) throw new Problem('line.notFound')
    if (!deps.callsUp()) throw new Problem('switchboard.away')
    const account = await takeAccount(context.address)
    const expiresAt = new Date(context.now().getTime() + goodForMs).toISOString()
    // Callers are spread over the switchboards: each begins at another one, and goes on to the next if it does not open.
    const first = randomInt(deps.sipAddresses.length)
    const sipAddresses = [...deps.sipAddresses.slice(first), ...deps.sipAddresses.slice(0, first)]
    return { ...account, sipDomain: context.request.hostname, sipAddresses, expiresAt, dial: line.number }
  })
}

async function pageOf(tx: Tx, now: Date) {
  const { name, language } = await readHotline(tx)
  const staffed = await sql<{ line_id: string }>`
    select distinct line_id from duty join person_line using (person_id) where state <> 'paused'`.execute(tx)
  const onDuty = new Set(staffed.rows.map((row) => row.line_id))
  const lines = (await openLines(tx, now)).map((line) => ({
    lineId: line.lineId,
    name: line.name,
    number: line.number,
    kind: line.kind,
    openNow: line.openNow,
    onDuty: onDuty.has(line.lineId),
  }))
  return { hotline: name, language, lines }
}
