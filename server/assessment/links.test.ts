import { expect, test } from 'vitest'
import { noteByLink, openLink, revokeLink, sendByLink, type Sheet } from '../../api/assessment.ts'
import { readCrisis } from '../../api/crisis.ts'
import { nine, openScene } from './testing/scene.ts'

const {
  app,
  owner,
  ask,
  clock,
  published,
  hotlineId,
  counsellorId,
  counsellor,
  aContact,
  listed,
  risk,
  link,
} = await openScene()

test('G24-4.3.4: a caller fills one in through a link: no log-in, once only, and the token is nowhere but with them', async () => {
  const contactId = await aContact()
  const { token, status } = await link(contactId)
  expect(status).toBe(200)
  expect(Buffer.from(token, 'base64url').length).toBeGreaterThanOrEqual(16)
  const rows = await owner<{ row: string }>('select l::text as row from assessment_link l', [])
  expect(
    rows.some(({ row }) => row.includes(token) || row.includes(Buffer.from(token).toString('hex'))),
  ).toBe(false)

  const opened = await ask(openLink, { body: { token } })
  const sheet = opened.body as unknown as Sheet & {
    hotline: string
    numbers: { number: string }[]
    languages: string[]
  }
  expect(sheet.questions).toHaveLength(10)
  expect(sheet.questions[8]).toMatchObject({ text: '有不如死掉或用某种方式伤害自己的念头', critical: 1 })
  expect([sheet.hotline, sheet.numbers[0]?.number]).toEqual(['暖线', '12356'])
  const english = await ask(openLink, { body: { token, language: 'en' } })
  expect((english.body as unknown as Sheet).questions[0]?.text).toBe(
    'Little interest or pleasure in doing things',
  )

  published.length = 0
  const sent = await ask(sendByLink, { body: { token, language: 'zh-CN', answers: nine(1) } })
  expect([sent.status, sent.body]).toEqual([200, { done: true }])
  expect(published).toContainEqual({
    hotlineId,
    to: { personId: counsellorId },
    event: { type: 'crisis', contactId },
  })
  const { results, links } = await listed(contactId)
  expect(results[0]).toMatchObject({ byLink: true, askedBy: null, result: { total: 1 } })
  expect(links[0]).toMatchObject({ state: 'used' })
  expect(await risk(contactId)).toEqual({ risk: 'low', runs: ['suicide'] })

  const again = await ask(sendByLink, { body: { token, language: 'zh-CN', answers: nine(0) } })
  expect([again.status, again.body['code']]).toEqual([409, 'link.used'])
  expect((await ask(openLink, { body: { token } })).body['code']).toBe('link.used')
  expect((await listed(contactId)).results).toHaveLength(1)
})

test('two sendings of one link at the same moment make one result', async () => {
  const contactId = await aContact()
  const { token } = await link(contactId)
  const both = await Promise.all(
    [0, 0].map((value) => ask(sendByLink, { body: { token, language: 'zh-CN', answers: nine(value) } })),
  )
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
  expect((await listed(contactId)).results).toHaveLength(1)
})

test('a link that is wrong, over or taken back says which, and opens nothing', async () => {
  const contactId = await aContact()
  const { token, linkId } = await link(contactId)
  const wrong = await ask(openLink, { body: { token: `${token.slice(0, -4)}AAAA` } })
  expect([wrong.status, wrong.body['code']]).toEqual([404, 'link.invalid'])
  await ask(revokeLink, { cookie: counsellor, params: { contactId, linkId } })
  expect((await ask(openLink, { body: { token } })).body['code']).toBe('link.invalid')
  expect((await listed(contactId)).links[0]?.state).toBe('revoked')

  const short = await link(contactId, { hours: 1 })
  const before = clock.now
  clock.now = new Date(before.getTime() + 3_600_000)
  const late = await ask(sendByLink, { body: { token: short.token, language: 'zh-CN', answers: nine(0) } })
  clock.now = before
  expect([late.status, late.body['code']]).toEqual([410, 'link.expired'])
  expect((await listed(contactId)).results).toEqual([])
})

test('G24-4.2.2: a critical answer that comes after the call has ended becomes a task due within minutes', async () => {
  const contactId = await aContact(true)
  const { token } = await link(contactId)
  expect((await ask(noteByLink, { body: { token, answers: { '9': 2 } } })).body).toEqual({ done: true })
  await ask(sendByLink, { body: { token, language: 'zh-CN', answers: nine(2) } })
  const tasks = await owner<{ kind: string; due_at: Date }>(
    'select kind, due_at from task where contact_id = $1 and done_at is null',
    [contactId],
  )
  expect(tasks.map(({ kind }) => kind)).toEqual(['follow-up'])
  expect(tasks[0]?.due_at.getTime()).toBe(clock.now.getTime() + 15 * 60_000)
})

test('the C-SSRS screener is never sent to somebody alone', async () => {
  const refused = await link(await aContact(), { instrument: 'c-ssrs-screener' })
  expect([refused.status, refused.body['code']]).toEqual([409, 'instrument.noText'])
})

test('the caller’s page asks no more often than a person would', async () => {
  const body = { token: 'x'.repeat(32) }
  const statuses = new Set<number>()
  for (let n = 0; n < 40; n += 1) {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/public/questions',
      remoteAddress: '203.0.113.9',
      payload: body,
    })
    statuses.add(response.statusCode)
  }
  expect([...statuses].toSorted((a, b) => a - b)).toEqual([404, 429])
})

test('what a link told is on the page of the contact’s danger', async () => {
  const contactId = await aContact()
  const { token } = await link(contactId)
  await ask(noteByLink, { body: { token, answers: { '9': 1 } } })
  const { body } = await ask(readCrisis, { cookie: counsellor, params: { contactId } })
  expect(body).toMatchObject({
    level: 'low',
    entries: [{ source: 'critical-item', code: 'phq-9.9', person: null }],
  })
})
