import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { carriers, testNames } from './clauses.ts'

test('the names of tests are found however they are written', () => {
  const text = `
    test('plain', () => {})
    test.skipIf(true)(\`with \${x} inside\`, () => {})
    test.each([1])('each %s', () => {})
    test('in an options form', { timeout: 1 }, () => {})
    describe('a desk', () => { it('rings', () => {}) })
    test.describe('a journey', () => { test('goes on', async () => {}) })
    test.beforeEach(() => {}); test.use({ locale: 'zh-CN' })
    expect('test').toBe(x.test('no'))`
  expect(testNames('a.test.ts', text)).toEqual([
    'plain',
    'with … inside',
    'each %s',
    'in an options form',
    'a desk rings',
    'a journey goes on',
  ])
})

test('a clause is carried by its whole id only', () => {
  const names = [
    'G24-7.5a: no sample is stored',
    'G24-7.5: kept',
    'both G24-1.1, G24-1.2 hold',
    'G24-1.1.1: not it',
  ]
  expect(carriers('G24-7.5', names)).toEqual(['G24-7.5: kept'])
  expect(carriers('G24-1.1', names)).toEqual(['both G24-1.1, G24-1.2 hold'])
})

test('the report has one line of three columns a clause', () => {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'clauses.ts')], {
    encoding: 'utf8',
  })
  const lines = output.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(50)
  for (const line of lines) expect(line).toMatch(/^(G24|P34)-[\w.-]+\t\d+\t.+$/)
})
