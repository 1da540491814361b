import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import {
  changeInstrument,
  listAssessments,
  listInstruments,
  listInstrumentSettings,
  loadText,
  makeLink,
  noteCritical,
  readInstrument,
  readText,
  type InstrumentRow,
  type InstrumentSettings,
  type Sheet,
} from '../../api/assessment.ts'
import { score } from '../../domain/instrument-score.ts'
import { newId } from '../db/id.ts'
import { readCatalogue, shippedFolder } from './catalogue.ts'
import { nine, numbered, openScene } from './testing/scene.ts'

const {
  owner,
  ask,
  published,
  hotlineId,
  counsellorId,
  counsellor,
  another,
  supervisor,
  administrator,
  inside,
  aContact,
  save,
  listed,
  risk,
} = await openScene()

test('G24-4.3.4: an instrument asked aloud lands on the contact with total, band, cut-offs, version, language and licence', async () => {
  const contactId = await aContact()
  const answered = await save(contactId, { answers: numbered([3, 3, 2, 3, 2, 1, 1, 0, 0]) })
  expect(answered.status).toBe(200)
  const [row] = (await listed(contactId)).results
  expect(row).toMatchObject({
    instrument: 'phq-9',
    version: '1',
    language: 'zh-CN',
    licence: 'phq-free',
    byLink: false,
    result: { total: 15, band: { code: 'moderately-severe' }, complete: true },
  })
  expect(row?.result.cutOffs.map(({ id, positive }) => [id, positive])).toContainEqual(['cn-community', true])
  expect(row?.askedBy).not.toBeNull()
  const stored = await owner<{ response: unknown }>('select response from assessment where contact_id = $1', [
    contactId,
  ])
  expect(stored[0]?.response).toMatchObject({
    resourceType: 'QuestionnaireResponse',
    questionnaire: 'urn:hearthline:instrument:phq-9|1',
    status: 'completed',
  })
  expect((await risk(contactId))?.risk).toBeNull()
})

test('G24-4.2.2: a critical answer sets at least low, opens the protocol, and the desk is told, at total 1 and when incomplete', async () => {
  for (const answers of [nine(1), { '9': 2 }]) {
    const contactId = await aContact()
    published.length = 0
    expect((await save(contactId, { answers })).status).toBe(200)
    expect(await risk(contactId)).toEqual({ risk: 'low', runs: ['suicide'] })
    expect(published).toContainEqual({
      hotlineId,
      to: { personId: counsellorId },
      event: { type: 'crisis', contactId },
    })
    const entries = await inside((tx) =>
      sql<{
        code: string
        source: string
      }>`select code, source from risk_entry where contact_id = ${contactId}`.execute(tx),
    )
    expect(entries.rows).toEqual([{ code: 'phq-9.9', source: 'critical-item' }])
  }
})

test('G24-4.3.4: an incomplete instrument is kept without score and band', async () => {
  const contactId = await aContact()
  await save(contactId, { answers: numbered([3, 3]) })
  const [row] = (await listed(contactId)).results
  expect(row?.result).toMatchObject({
    complete: false,
    total: null,
    band: null,
    missing: ['3', '4', '5', '6', '7', '8', '9'],
  })
})

test('saving the same assessment again is success and changes nothing; nobody takes over its id', async () => {
  const contactId = await aContact()
  const assessmentId = newId()
  await save(contactId, { assessmentId, answers: nine(0) })
  const again = await save(contactId, { assessmentId, answers: nine(3) })
  expect(again.status).toBe(200)
  const { results } = await listed(contactId)
  expect(results.map((row) => row.result.total)).toEqual([0])
  expect((await save(await aContact(), { assessmentId })).status).toBe(404)
})

test('answers that are no options, and instruments that are not there, are refused', async () => {
  const contactId = await aContact()
  expect(await save(contactId, { answers: { '1': 7 } })).toMatchObject({
    status: 400,
    body: { code: 'answers.invalid', detail: { items: ['1'] } },
  })
  expect(await save(contactId, { instrument: 'mbi' })).toMatchObject({ status: 404 })
  expect(await save(contactId, { instrument: 'isi', answers: {} })).toMatchObject({
    status: 409,
    body: { code: 'instrument.noText' },
  })
})

test('G24-6.2.2a: only who may see the contact reads its results or asks on it', async () => {
  const contactId = await aContact()
  await save(contactId, {})
  const outsider = { cookie: another, params: { contactId } }
  expect((await ask(listAssessments, outsider)).status).toBe(404)
  expect((await save(contactId, {}, another)).status).toBe(404)
  expect((await ask(makeLink, { ...outsider, body: { instrument: 'phq-9', language: 'en' } })).status).toBe(
    404,
  )
  expect(
    (await ask(noteCritical, { ...outsider, body: { instrument: 'phq-9', answers: { '9': 1 } } })).status,
  ).toBe(404)
  expect((await listed(contactId, supervisor)).results).toHaveLength(1)
  expect((await ask(listAssessments, { params: { contactId } })).status).toBe(401)
})

test('G24-4.2.2: a critical answer is heard at once, before the instrument is finished, and noted once', async () => {
  const contactId = await aContact()
  const body = { instrument: 'phq-9', answers: { '9': 1 } }
  const once = await ask(noteCritical, { cookie: counsellor, params: { contactId }, body })
  await ask(noteCritical, { cookie: counsellor, params: { contactId }, body })
  expect(once.status).toBe(200)
  expect(await risk(contactId)).toEqual({ risk: 'low', runs: ['suicide'] })
  const events = await owner<{ kind: string }>(
    `select kind from contact_event where contact_id = $1 and kind = 'instrument-critical'`,
    [contactId],
  )
  expect(events).toHaveLength(1)
  const calm = await aContact()
  await ask(noteCritical, {
    cookie: counsellor,
    params: { contactId: calm },
    body: { instrument: 'phq-9', answers: { '1': 3 } },
  })
  expect((await risk(calm))?.risk).toBeNull()
})

const isiText = {
  intro: '过去两周',
  items: Object.fromEntries(
    Array.from({ length: 7 }, (_, place) => [
      String(place + 1),
      { text: `睡眠 ${place + 1}`, options: ['无', '轻', '中', '重', '极重'] },
    ]),
  ),
}
const load = (body: object, cookie = administrator, params: object = {}) =>
  ask(loadText, {
    cookie,
    params: { instrument: 'isi', language: 'zh-CN', ...params } as never,
    body: { text: isiText, source: 'Mapi, 2026-11-01', licenceConfirmed: true, ...body } as never,
  })

test('G24-4.3.4: wording that does not ship is loaded by an administrator who confirms the licence and names its source', async () => {
  const rows = async () => {
    const { body } = await ask(listInstruments, { cookie: counsellor })
    return body as unknown as InstrumentRow[]
  }
  const isi = async () => (await rows()).find((row) => row.instrument === 'isi')
  expect((await isi())?.languages).toEqual([])
  expect((await load({ licenceConfirmed: false })).body['code']).toBe('instrument.licenceNeeded')
  expect((await load({ source: ' ' })).body['code']).toBe('instrument.licenceNeeded')
  expect(
    await load({
      text: { intro: '', items: { ...isiText.items, '7': { text: '一', options: ['是', '否'] } } },
    }),
  ).toMatchObject({
    body: { code: 'answers.invalid', detail: { items: ['7'] } },
  })
  expect((await load({}, counsellor)).status).toBe(403)
  expect((await load({})).status).toBe(200)
  expect((await isi())?.languages).toEqual(['zh-CN'])
  const read = await ask(readText, {
    cookie: administrator,
    params: { instrument: 'isi', language: 'zh-CN' },
  })
  expect(read.body).toMatchObject({ source: 'Mapi, 2026-11-01', text: { intro: '过去两周' } })
  const sheet = await ask(readInstrument, {
    cookie: counsellor,
    params: { instrument: 'isi', language: 'zh-CN' },
  })
  expect((sheet.body as unknown as Sheet).questions[0]).toMatchObject({ text: '睡眠 1' })
  const contactId = await aContact()
  const answers = numbered([3, 3, 2, 3, 2, 2, 2])
  const kept = await save(contactId, { instrument: 'isi', answers })
  expect(kept.body).toMatchObject({ licence: 'operator', result: { total: 17 } })
  const audit = await owner<{ data: object }>(
    `select data from audit_event where action = 'instrument.textLoaded'`,
  )
  expect(audit).toEqual([{ data: { language: 'zh-CN', source: 'Mapi, 2026-11-01' } }])
})

test('wording of the rights holder is never replaced', async () => {
  for (const instrument of ['phq-9', 'core-10'])
    expect((await load({}, administrator, { instrument, language: 'en' })).status).toBe(400)
})

test('G24-4.3.4: a hotline switches instruments off and chooses by which cut-off and variant it goes', async () => {
  const change = (instrument: string, body: object) =>
    ask(changeInstrument, {
      cookie: administrator,
      params: { instrument },
      body: { enabled: true, variant: null, cutOff: null, ...body } as never,
    })
  expect((await change('phq-9', { cutOff: 'cn-community' })).body).toMatchObject({ cutOff: 'cn-community' })
  expect((await change('phq-9', { cutOff: 'nowhere' })).status).toBe(400)
  const contactId = await aContact()
  await save(contactId, { answers: nine(0) })
  const [row] = (await listed(contactId)).results
  expect(row?.result.cutOffs.filter((one) => one.chosen).map((one) => one.id)).toEqual(['cn-community'])
  await change('gad-7', { enabled: false })
  const { body } = await ask(listInstruments, { cookie: counsellor })
  expect((body as unknown as InstrumentRow[]).some((one) => one.instrument === 'gad-7')).toBe(false)
  expect((await save(contactId, { instrument: 'gad-7', answers: numbered([0]) })).body['code']).toBe(
    'instrument.noText',
  )
  const all = await ask(listInstrumentSettings, { cookie: administrator })
  expect(
    (all.body as unknown as InstrumentSettings[]).find((one) => one.instrument === 'gad-7')?.enabled,
  ).toBe(false)
  await change('gad-7', {})
  await change('phq-9', {})
})

test('results are only ever added: the product itself cannot change or remove one', async () => {
  await save(await aContact(), {})
  await expect(inside((tx) => sql`update assessment set result = '{}'`.execute(tx))).rejects.toThrow()
  await expect(inside((tx) => sql`delete from assessment`.execute(tx))).rejects.toThrow()
})

test('G24-4.3.4: adding an instrument is adding a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'instruments-'))
  const of = JSON.parse(readFileSync(join(shippedFolder, 'gad-7.json'), 'utf8')) as Record<string, unknown>
  writeFileSync(join(folder, 'own.json'), JSON.stringify({ ...of, id: 'own-worry', short: '忧虑' }))
  writeFileSync(join(folder, 'broken.json'), JSON.stringify({ ...of, id: 'broken', scoring: {} }))
  mkdirSync(join(folder, 'empty'))
  copyFileSync(join(shippedFolder, 'phq-9.json'), join(folder, 'phq-9.json'))
  const { catalogue, refused } = readCatalogue([shippedFolder, folder, join(folder, 'nowhere')])
  expect(catalogue.size).toBe(16)
  const own = catalogue.get('own-worry')
  expect(own && score(own, numbered([1, 2, 1, 2, 1, 2, 1])).total).toBe(10)
  expect(refused.map(({ file }) => file.split('/').at(-1))).toEqual(['broken.json'])
})

test('G24-4.2.2: a yes of the C-SSRS screener is heard while it is still being asked, at the level it has so far', async () => {
  const items = ['1', '2', '3', '4', '5', '6', '6-recent']
  const text = {
    intro: '',
    items: Object.fromEntries(items.map((item) => [item, { text: `题 ${item}`, options: ['否', '是'] }])),
  }
  await load({ text }, administrator, { instrument: 'c-ssrs-screener' })
  const params = { instrument: 'c-ssrs-screener', language: 'zh-CN' as const }
  const { body } = await ask(readInstrument, { cookie: counsellor, params })
  const sheet = body as unknown as Sheet
  expect(sheet.questions.map(({ critical }) => critical)).toEqual([1, 1, 1, 1, 1, 1, 1])
  const contactId = await aContact()
  const note = (answers: Record<string, number>) =>
    ask(noteCritical, {
      cookie: counsellor,
      params: { contactId },
      body: { instrument: 'c-ssrs-screener', answers },
    })
  await note({ '1': 1 })
  expect((await risk(contactId))?.risk).toBe('low')
  await note({ '1': 1, '2': 1, '3': 0, '4': 1 })
  expect(await risk(contactId)).toMatchObject({ risk: 'high', runs: ['suicide'] })
  await save(contactId, { instrument: 'c-ssrs-screener', answers: { '1': 1, '2': 0, '6': 0 } })
  expect((await risk(contactId))?.risk).toBe('high')
})
