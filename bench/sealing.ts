/* What sealing costs a contact: making, saving, reading, listing and searching it, against the same with nothing sealed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { enterContact, listContacts } from '../api/contacts.ts'
import { questionnaireResponse } from '../domain/questionnaire.ts'
import { lexemesOf, searchLexemes } from '../domain/search.ts'
import { startDatabase } from '../launcher/database.ts'
import { enter, list, readSaved, save } from '../server/contacts/contacts.ts'
import { inHotline, openDatabase, type Database, type Tx } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { migrate } from '../server/db/migrate.ts'
import { contactSealing, type ContactSealing } from '../server/records/answers.ts'
import { keysOfDatabase, prepareKeys } from '../server/records/data-keys.ts'
import { rotateKeys } from '../server/records/resealing.ts'
import { promise, read as readTask, tried } from '../server/tasks/tasks.ts'
import { baseForm, wholeResponse } from '../test/answers.ts'
import { percentile, report, timed } from './figure.ts'

/** A hotline of its own for each way, so that neither reads what the other wrote. */
interface Site {
  db: Database
  hotlineId: string
  lineId: string
  personId: string
  sealing: ContactSealing
}

/** As it was before sealing: everything readable. */
const plain: ContactSealing = {
  numbers: {
    seal: (number) => Buffer.from(number),
    open: (sealed) => sealed.toString(),
    key: (number) => Buffer.from(number.padEnd(32)),
    suffixKey: (number) => Buffer.from(number.slice(-4).padEnd(32)),
  },
  answers: {
    // As long as the shortest that the database takes for sealed.
    seal: (_form, _contactId, response) => ({ open: response, sealed: Buffer.alloc(29) }),
    open: ({ form }) => questionnaireResponse.safeParse(form).data ?? null,
    isWhole: () => true,
    hashed: (word) => word,
    indexWords: (texts) => lexemesOf(texts.join(' ')),
    searchWords: (text) => searchLexemes(text).map((word) => [word]),
    words: { seal: (text) => text, open: (text) => text },
  },
}

let lines = 1

async function furnish(db: Database, sealingOf: (hotlineId: string) => ContactSealing): Promise<Site> {
  const [hotlineId, lineId, personId] = [newId(), newId(), newId()]
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into hotline (hotline_id, name) values (${hotlineId}, 'bench')`.execute(tx)
    await sql`insert into audit_chain (hotline_id) values (${hotlineId})`.execute(tx)
    await sql`insert into line (line_id, hotline_id, name, number, kind)
      values (${lineId}, ${hotlineId}, 'bench', ${String(1000 + lines++)}, 'general')`.execute(tx)
    await sql`insert into person (person_id, hotline_id, name, display_name, passphrase_hash, roles)
      values (${personId}, ${hotlineId}, 'bench', 'bench', '-', '{counsellor}')`.execute(tx)
  })
  return { db, hotlineId, lineId, personId, sealing: sealingOf(hotlineId) }
}

const said = '来电者说最近睡不着,和家人争吵,今晚打算先早点休息;约定下周同一时间再联系,并把急救电话写在床头。'
const others = '妈妈爸爸孩子老师同学工作考试分手医院药物朋友邻居上级债务搬家'

/** A note of 200 signs that is never twice the same. */
const noteOf = (index: number): string =>
  Array.from({ length: 40 }, (_, at) => others[(index * 7 + at * (1 + (index % 13))) % others.length]).join(
    '',
  ) + said.repeat(4).slice(0, 160)

const responseOf = (index: number) =>
  wholeResponse({
    notes: noteOf(index),
    region: '浙江省杭州市',
    riskReason: '近一周有过念头',
    problems: ['sleep'],
  })

interface Times {
  create: number[]
  save: number[]
  read: number[]
  task: number[]
  list: number[]
  search: number[]
}

/** One round of everything; the two ways take turns, so that what the machine does besides falls on both. */
async function round(site: Site, count: number, first: number): Promise<Times> {
  const { db, hotlineId, lineId, personId, sealing } = site
  const counsellor = { personId, roles: ['counsellor'] as const }
  const supervisor = { personId, roles: ['supervisor'] as const }
  const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)
  const now = new Date()
  const body = (index: number) =>
    enterContact.body.parse({
      lineId,
      startedAt: new Date(now.getTime() - 3_600_000).toISOString(),
      endedAt: new Date(now.getTime() - 60_000).toISOString(),
      response: responseOf(index),
      callerNumber: `138${String(index).padStart(8, '0')}`,
    })
  const create = await timed(count, (index) =>
    inside((tx) => enter(tx, hotlineId, counsellor, body(first + index), sealing, now)),
  )
  const contactId = newId()
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${personId} where contact_id = ${contactId}`.execute(tx)
  })
  const saving = await timed(count, (revision) => {
    const given = { response: responseOf(first + revision), stage: 'clarify' as const, stageMs: {}, revision }
    return inside((tx) => save(tx, counsellor, contactId, given, sealing, now))
  })
  const read = await timed(count, () => inside((tx) => readSaved(tx, supervisor, contactId, sealing)))
  const task = await timed(count, (index) =>
    inside((tx) => aTask(tx, site, contactId, `${first + index}`, now)),
  )
  const query = (given: object) => listContacts.query.parse({ limit: '50', ...given })
  const page = (given: object) => inside((tx) => list(tx, hotlineId, supervisor, query(given), sealing))
  const listing = await timed(count, () => page({}))
  const search = await timed(count, (index) => page({ text: noteOf(first + index).slice(0, 4) }))
  return { create, save: saving, read, task, list: listing, search }
}

/** A follow-up that is planned, tried and read again: two sentences sealed and opened in columns of their own. */
async function aTask(tx: Tx, site: Site, contactId: string, planStep: string, now: Date): Promise<void> {
  const { hotlineId, lineId, personId, sealing } = site
  const { words } = sealing.answers
  const worker = { personId, roles: ['counsellor'] as const }
  const opening = { openNumber: (number: Buffer) => sealing.numbers.open(number), words }
  const whose = { hotlineId, contactId, lineId, ownerId: personId }
  const given = { kind: 'follow-up', planStep, dueAt: now, words: words.seal(said), now } as const
  const taskId = await promise(tx, { ...whose, ...given })
  await tried(tx, worker, taskId, { outcome: 'reached', words: said }, opening, now)
  await readTask(tx, worker, taskId, opening)
}

async function compare(sealed: Site, open: Site, quick: boolean): Promise<void> {
  const rounds = quick ? 4 : 10
  const count = quick ? 60 : 200
  const found = { sealed: [] as Times[], plain: [] as Times[] }
  for (const site of [sealed, open]) await round(site, 20, 0)
  for (let at = 0; at < rounds; at += 1) {
    found.plain.push(await round(open, count, at * count))
    found.sealed.push(await round(sealed, count, at * count))
  }
  for (const what of ['create', 'save', 'read', 'task', 'list', 'search'] as const) {
    const of = (times: Times[]): number =>
      percentile(
        times.flatMap((one) => one[what]),
        0.5,
      )
    const [value, peerValue] = [of(found.sealed), Math.round(of(found.plain) * 1000) / 1000]
    const ratio = Math.round((value / peerValue) * 1000) / 1000
    const peer = 'nothing sealed'
    const figure = `${what}_p50_ms`
    report({ bench: 'sealing', figure, value, unit: 'ms', peer, peerValue, ratio, rounds: rounds * count })
  }
}

/** The work of the processor alone, without the database. */
function measureAlone({ answers }: ContactSealing): void {
  const times = 2000
  const contactId = newId()
  const begun = performance.now()
  for (let index = 0; index < times; index += 1) answers.seal(baseForm, contactId, responseOf(index))
  const built = performance.now()
  for (let index = 0; index < times; index += 1) responseOf(index)
  const rest = performance.now() - built
  report({
    bench: 'sealing',
    figure: 'seal_alone_us',
    value: ((built - begun - rest) * 1000) / times,
    unit: 'us',
  })
  const { open, sealed } = answers.seal(baseForm, contactId, responseOf(1))
  const start = performance.now()
  for (let index = 0; index < times; index += 1)
    answers.open({ contact_id: contactId, form: open, answers_sealed: sealed })
  report({
    bench: 'sealing',
    figure: 'open_alone_us',
    value: ((performance.now() - start) * 1000) / times,
    unit: 'us',
  })
}

/** Create, save, read, follow up, list and search with and without sealing; sealing alone; rows a second when keys are turned over. */
export const sealing = async (quick: boolean): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-bench-'))
  const database = await startDatabase({ folder })
  try {
    await migrate(database.ownerUrl, database.url)
    const db = openDatabase({ url: database.url, connections: 4 })
    const keys = await keysOfDatabase(db, folder, 'aes-256-gcm')
    const sealed = await furnish(db, (hotlineId) => contactSealing(keys, hotlineId))
    const { hotlineId } = sealed
    await prepareKeys(db, keys, hotlineId)
    measureAlone(sealed.sealing)
    await compare(sealed, await furnish(db, () => plain), quick)
    const begun = performance.now()
    const rows = await rotateKeys(db, keys, hotlineId, 0)
    const value = (rows / (performance.now() - begun)) * 1000
    report({ bench: 'sealing', figure: 'rotate_per_s', value, unit: '1/s', rounds: rows })
    await db.close()
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
