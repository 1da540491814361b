import { describe, expect, test } from 'vitest'
import { faultsOf } from './instrument-check.ts'
import { score } from './instrument-score.ts'
import { shippedText, unfitting } from './instrument.ts'
import {
  all,
  files,
  given,
  met,
  positive,
  prompts,
  rep,
  scored,
  subscale,
  the,
} from './testing/instruments.ts'

/** Twenty answers, those of the reversed items otherwise. */
const twenty = (reversed: readonly number[], at: number, rest: number): number[] =>
  Array.from({ length: 20 }, (_, place) => (reversed.includes(place + 1) ? at : rest))
const sasReversed = [5, 9, 13, 17, 19]
const sdsReversed = [2, 5, 6, 11, 12, 14, 16, 17, 18, 20]
const sdsForty = [2, 3, 2, 2, 3, 3, 2, 2, 2, 2, 3, 3, 2, 3, 2, 3, 3, 3, 2, 3]
const pclBoth = [3, 2, 2, 1, 3, 2, 2, 2, 1, 2, 3, 1, 2, 1, 2, 1, 2, 3, 2, 3]
const pclClusterOnly = [2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0]

describe('G24-4.3.4: what ships', () => {
  test('every file is sound, and its own worked examples come out as they say', () => {
    expect(files.length).toBe(15)
    for (const of of all.values()) expect([of.id, faultsOf(of)]).toEqual([of.id, []])
  })

  test('wording ships for six instruments and for no other; CORE-10 in English alone', () => {
    const shipped = [...all.values()].filter((of) => of.text.en !== 'missing').map((of) => of.id)
    expect(shipped.sort()).toEqual(['audit-c', 'core-10', 'gad-7', 'pcl-5', 'phq-4', 'phq-9'])
    expect(shippedText(the('core-10'), 'zh-CN')).toBeNull()
    expect(shippedText(the('core-10'), 'en')?.items['6']?.text).toBe('I made plans to end my life')
    for (const of of all.values())
      for (const language of ['zh-CN', 'en'] as const) {
        const text = shippedText(of, language)
        expect(text === null).toBe(of.text[language] === 'missing')
        if (text) expect(unfitting(of, text)).toEqual([])
      }
  })

  test('a translation of our own is called unofficial, and the zero of GAD-7 is "Not at all"', () => {
    expect(the('pcl-5').text['zh-CN']).toBe('unofficial')
    expect(the('audit-c').text['zh-CN']).toBe('unofficial')
    expect(shippedText(the('gad-7'), 'en')?.items['1']?.options[0]).toBe('Not at all')
    expect(shippedText(the('gad-7'), 'zh-CN')?.items['1']?.options[0]).toBe('完全不会')
  })

  test('every licence names its holder, and what is from memory is marked so', () => {
    for (const of of all.values()) {
      expect(of.licence.source).not.toBe('')
      expect(of.questionnaire.copyright).toBe(of.licence.credit.en)
    }
    for (const id of ['srq-20', 'k6', 'k10', 'who-5', 'pc-ptsd-5', 'sas', 'sds'])
      expect(the(id).licence.standing).toBe('unverified')
  })
})

/** Facts "Score vectors": instrument, answers, total, band (null where none is published). */
const vectors: [string, number[], number, string | null][] = [
  ['phq-9', [0, 0, 0, 0, 0, 0, 0, 0, 1], 1, 'minimal'],
  ['phq-9', rep(1, 9), 9, 'mild'],
  ['phq-9', [3, 3, 2, 3, 2, 1, 1, 0, 0], 15, 'moderately-severe'],
  ['phq-9', [2, 2, 2, 2, 2, 0, 0, 0, 0], 10, 'moderate'],
  ['phq-9', rep(3, 9), 27, 'severe'],
  ['gad-7', [1, 1, 1, 1, 1, 0, 0], 5, 'mild'],
  ['gad-7', [1, 2, 1, 2, 1, 2, 1], 10, 'moderate'],
  ['gad-7', rep(3, 7), 21, 'severe'],
  ['phq-4', [1, 2, 0, 0], 3, 'mild'],
  ['phq-4', [2, 2, 1, 2], 7, 'moderate'],
  ['phq-4', rep(3, 4), 12, 'severe'],
  ['isi', rep(1, 7), 7, 'none'],
  ['isi', rep(2, 7), 14, 'subthreshold'],
  ['isi', [3, 3, 2, 3, 2, 2, 2], 17, 'moderate'],
  ['isi', [4, 4, 3, 4, 3, 3, 4], 25, 'severe'],
  ['pcl-5', pclClusterOnly, 12, null],
  ['pcl-5', [...rep(4, 10), ...rep(0, 10)], 40, null],
  ['pcl-5', pclBoth, 40, null],
  ['pc-ptsd-5', [0], 0, null],
  ['pc-ptsd-5', [1, 1, 1, 1, 0, 0], 3, null],
  ['pc-ptsd-5', [1, 1, 1, 1, 1, 0], 4, null],
  ['k6', rep(2, 6), 12, 'moderate'],
  ['k6', [3, 2, 2, 2, 2, 2], 13, 'serious'],
  ['k6', [1, 1, 1, 1, 1, 0], 5, 'moderate'],
  ['k10', rep(1, 10), 10, 'low'],
  ['k10', [3, 3, 2, 2, 3, 2, 2, 3, 2, 3], 25, 'high'],
  ['k10', rep(3, 10), 30, 'very-high'],
  ['srq-20', [...rep(1, 7), ...rep(0, 13)], 7, null],
  ['srq-20', [...rep(0, 12), ...rep(1, 8)], 8, null],
  ['srq-20', [...rep(0, 16), 1, 0, 0, 0], 1, null],
  ['sas', rep(1, 20), 43, 'normal'],
  ['sas', rep(2, 20), 56, 'mild'],
  ['sas', twenty(sasReversed, 1, 4), 100, 'severe'],
  ['sas', [2, 3, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2, 3, 2, 3, 2], 51, 'mild'],
  ['sds', rep(1, 20), 62, 'mild'],
  ['sds', rep(2, 20), 62, 'mild'],
  ['sds', rep(3, 20), 62, 'mild'],
  ['sds', rep(4, 20), 62, 'mild'],
  ['sds', twenty(sdsReversed, 1, 4), 100, 'severe'],
  ['sds', sdsForty, 50, 'normal'],
  ['who-5', [2, 2, 3, 2, 3], 48, 'low'],
  ['who-5', [3, 3, 3, 2, 2], 52, 'ok'],
  ['who-5', [1, 1, 2, 1, 2], 28, 'very-low'],
  ['audit-c', [2, 1, 0], 3, null],
  ['audit-c', [2, 2, 0], 4, null],
  ['audit-c', [4, 4, 4], 12, null],
]

describe('G24-4.3.4: the published vectors', () => {
  test.each(vectors)('%s %j makes %d (%s)', (id, answers, total, band) => {
    const result = scored(id, answers)
    expect(result.complete).toBe(true)
    expect([result.total, result.band?.code ?? null]).toEqual([total, band])
  })

  test('the cut-offs of several populations stand side by side with their sources', () => {
    const seven = scored('phq-9', [1, 1, 1, 1, 1, 1, 1, 0, 0])
    expect(positive(seven, 'general')).toBe(false)
    expect(positive(seven, 'cn-community')).toBe(true)
    expect(seven.cutOffs.find((one) => one.id === 'cn-community')?.source).toContain('Wang 2014')
    const srq = scored('srq-20', [...rep(1, 7), ...rep(0, 13)])
    expect([positive(srq, 'cn'), positive(srq, 'who')]).toEqual([true, false])
    const eight = scored('srq-20', [...rep(1, 8), ...rep(0, 12)])
    expect([positive(eight, 'cn'), positive(eight, 'who')]).toEqual([true, true])
    const three = scored('audit-c', [2, 1, 0])
    expect([positive(three, 'women-or-unknown'), positive(three, 'men')]).toEqual([true, false])
    const four = scored('audit-c', [2, 2, 0])
    expect([positive(four, 'women-or-unknown'), positive(four, 'men')]).toEqual([true, true])
    const gate = scored('pc-ptsd-5', [1, 1, 1, 1, 0, 0])
    expect([positive(gate, 'sensitive'), positive(gate, 'efficient')]).toEqual([true, false])
    const both = scored('pc-ptsd-5', [1, 1, 1, 1, 1, 0])
    expect([positive(both, 'sensitive'), positive(both, 'efficient')]).toEqual([true, true])
    expect(positive(scored('k6', rep(2, 6)), 'serious')).toBe(false)
    expect(positive(scored('k6', [3, 2, 2, 2, 2, 2]), 'serious')).toBe(true)
    const chosen = score(the('phq-9'), given(the('phq-9'), rep(1, 9)), { cutOff: 'cn-community' })
    expect(chosen.cutOffs.filter((one) => one.chosen).map((one) => one.id)).toEqual(['cn-community'])
  })

  test('PHQ-9 counts symptoms: item 9 from 1 on, the others from 2', () => {
    const rules = (answers: number[]) => {
      const result = scored('phq-9', answers)
      return [met(result, 'mds'), met(result, 'ods')]
    }
    expect(rules(rep(1, 9))).toEqual([false, false])
    expect(rules([3, 3, 2, 3, 2, 1, 1, 0, 0])).toEqual([true, false])
    expect(rules([2, 2, 2, 2, 2, 0, 0, 0, 0])).toEqual([true, false])
    expect(rules([2, 0, 2, 2, 2, 0, 0, 0, 1])).toEqual([true, false])
    expect(rules([0, 0, 2, 2, 2, 2, 2, 0, 0])).toEqual([false, false])
    expect(rules([2, 0, 2, 0, 0, 0, 0, 0, 0])).toEqual([false, true])
  })

  test('PCL-5: the total and the clusters can disagree both ways', () => {
    const clusters = (answers: number[]) =>
      ['b', 'c', 'd', 'e'].map((id) => subscale(scored('pcl-5', answers), id))
    const low = scored('pcl-5', pclClusterOnly)
    expect([positive(low, 'general'), met(low, 'clusters'), clusters(pclClusterOnly)]).toEqual([
      false,
      true,
      [2, 2, 4, 4],
    ])
    const high = scored('pcl-5', [...rep(4, 10), ...rep(0, 10)])
    expect([positive(high, 'general'), met(high, 'clusters')]).toEqual([true, false])
    expect([met(scored('pcl-5', pclBoth), 'clusters'), clusters(pclBoth)]).toEqual([true, [11, 4, 12, 13]])
  })

  test('PHQ-4 has two subscales, and no question about suicide: it says to ask aloud', () => {
    const first = scored('phq-4', [1, 2, 0, 0])
    expect([subscale(first, 'gad-2'), subscale(first, 'phq-2')]).toEqual([3, 0])
    expect([positive(first, 'gad-2'), positive(first, 'phq-2')]).toEqual([true, false])
    const second = scored('phq-4', [2, 2, 1, 2])
    expect([subscale(second, 'gad-2'), subscale(second, 'phq-2')]).toEqual([4, 3])
    expect(prompts(second)).toContain('ask-orally')
  })

  test('K10 and SDS say which variant they used, and the variants differ', () => {
    const k10 = [3, 3, 2, 2, 3, 2, 2, 3, 2, 3]
    expect(scored('k10', k10, 'bands-20-25-30').band?.code).toBe('moderate')
    expect(scored('k10', rep(1, 10), 'bands-20-25-30').band?.code).toBe('well')
    expect(scored('k10', rep(3, 10), 'bands-20-25-30').band?.code).toBe('severe')
    expect(scored('sds', rep(2, 20)).variant?.id).toBe('truncated')
    const rounded = scored('sds', rep(2, 20), 'rounded')
    expect([rounded.variant?.id, rounded.total, rounded.band?.code]).toEqual(['rounded', 63, 'moderate'])
    expect(scored('sds', sdsForty, 'rounded').band?.code).toBe('mild')
    const fortyTwo = [2, 3, 2, 2, 3, 3, 2, 2, 2, 2, 3, 3, 2, 2, 3, 3, 3, 3, 2, 3]
    expect(scored('sds', fortyTwo)).toMatchObject({ raw: 42, total: 52, band: { code: 'normal' } })
    expect(scored('sds', fortyTwo, 'rounded')).toMatchObject({ raw: 42, total: 53, band: { code: 'mild' } })
    // Forty-one makes 51, not the 53 of some pages.
    expect(scored('sas', [2, 3, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2, 3, 2, 3, 2]).raw).toBe(41)
  })

  test('one answer all the way down is flagged where it cannot be meant', () => {
    for (const value of [1, 2, 3, 4]) expect(scored('sds', rep(value, 20)).straightLined).toBe(true)
    expect(prompts(scored('sds', rep(3, 20)))).toContain('straight-lined')
    expect(scored('phq-9', rep(0, 9)).straightLined).toBe(false)
    expect(scored('phq-9', rep(2, 9)).straightLined).toBe(true)
  })

  test('WHO-5 is raw times four, and lower is worse', () => {
    const low = scored('who-5', [2, 2, 3, 2, 3])
    expect([low.raw, positive(low, 'low'), positive(low, 'depression')]).toEqual([12, true, false])
    expect(positive(scored('who-5', [3, 3, 3, 2, 2]), 'low')).toBe(false)
    expect(positive(scored('who-5', [1, 1, 2, 1, 2]), 'depression')).toBe(true)
    expect(scored('who-5', rep(0, 5)).total).toBe(0)
  })

  test('CORE-10 reverses items 2 and 3 once', () => {
    expect(scored('core-10', [0, 4, 4, ...rep(0, 7)]).total).toBe(0)
    expect(scored('core-10', [4, 0, 0, ...rep(4, 7)]).total).toBe(40)
    expect(scored('core-10', [0, 4, 4, 0, 0, 1, 0, 0, 0, 0]).critical.map(({ item }) => item)).toEqual(['6'])
  })
})

test('a file that is unsound says what is wrong with it', () => {
  const of = structuredClone(the('phq-4'))
  of.scoring.subscales[1]?.items.pop()
  expect(faultsOf(of)).toEqual(['the subscales do not hold every item exactly once'])
  const wrong = structuredClone(the('gad-7'))
  const first = wrong.examples[0]
  if (first) first.expect.total = 6
  expect(faultsOf(wrong)).toEqual(['example 1: total is 5, not 6'])
  const lost = structuredClone(the('phq-9'))
  lost.scoring.critical = [{ item: '11', at: 1, words: { 'zh-CN': '无', en: 'none' } }]
  expect(faultsOf(lost)).toEqual(['there is no question 11'])
})
