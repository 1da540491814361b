import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findingsOf, opensProtocol } from './instrument-findings.ts'
import { score, type InstrumentResult } from './instrument-score.ts'
import { optionsOf, questionsOf, type Instrument, type ItemAnswers } from './instrument.ts'
import { all, given, prompts, rep, scored, the } from './testing/instruments.ts'

describe('G24-4.2.2: a critical answer is recognised whatever the total', () => {
  test('PHQ-9 item 9 and SRQ-20 item 17 alert at a total of 1', () => {
    const phq = scored('phq-9', [0, 0, 0, 0, 0, 0, 0, 0, 1])
    expect([phq.total, phq.critical.map(({ item }) => item)]).toEqual([1, ['9']])
    const srq = scored('srq-20', [...rep(0, 16), 1, 0, 0, 0])
    expect([srq.total, srq.critical.map(({ item }) => item)]).toEqual([1, ['17']])
    for (const [of, result] of [
      [the('phq-9'), phq],
      [the('srq-20'), srq],
    ] as const) {
      expect(findingsOf(of, result)).toEqual([
        { source: 'critical-item', level: 'low', code: `${of.id}.${result.critical[0]?.item ?? ''}` },
      ])
      expect(opensProtocol(result)).toBe(true)
    }
    expect(scored('phq-9', [3, 3, 2, 3, 2, 1, 1, 0, 0]).critical).toEqual([])
  })

  test('a missing answer makes no score and no band, and a critical answer alerts all the same', () => {
    const result = scored('phq-9', [null, 3, 3, 3, 3, 3, 3, 3, 1])
    expect(result).toMatchObject({ complete: false, total: null, band: null, cutOffs: [], missing: ['1'] })
    expect(result.critical).toHaveLength(1)
    expect(prompts(result)).toEqual(['danger-question', 'finish'])
  })

  test('an unanswered critical item is asked again and is no alert', () => {
    const result = scored('phq-9', rep(3, 8))
    expect(result.critical).toEqual([])
    expect(result.prompts).toEqual([{ code: 'critical-unanswered', items: ['9'] }])
    expect(findingsOf(the('phq-9'), result)).toEqual([])
  })

  test('an answer that is no option, or a question that is not there, is refused by name', () => {
    const refused = (answers: ItemAnswers): unknown => {
      try {
        return score(the('phq-9'), answers)
      } catch (problem) {
        return problem
      }
    }
    expect(refused({ '1': 4 })).toMatchObject({ code: 'answers.invalid', detail: { items: ['1'] } })
    expect(refused({ '1': 0.5 })).toMatchObject({ code: 'answers.invalid' })
    expect(refused({ '10': 0 })).toMatchObject({ code: 'answers.invalid', detail: { items: ['10'] } })
    expect(refused({ function: 3 })).toMatchObject({ complete: false })
  })

  test('scales without a critical answer give no level, however high', () => {
    expect(findingsOf(the('gad-7'), scored('gad-7', rep(3, 7)))).toEqual([])
    expect(findingsOf(the('k10'), scored('k10', rep(5, 10)))).toEqual([])
  })

  test('a band gives a level only where a file says so', () => {
    const of = structuredClone(the('gad-7'))
    const severe = of.scoring.variants[0]?.bands.at(-1)
    if (severe) severe.risk = 'moderate'
    expect(findingsOf(of, score(of, given(of, rep(3, 7))))).toEqual([
      { source: 'scale', level: 'moderate', code: 'gad-7.severe' },
    ])
  })
})

/** Facts "C-SSRS screener": Q1, Q2, Q3, Q4, Q5, Q6 lifetime, Q6 past three months. */
const triages: [(number | null)[], InstrumentResult['triage']][] = [
  [[0, 0, null, null, null, 0, 0], 'none'],
  [[1, 0, null, null, null, 0, 0], 'low'],
  [[1, 1, 1, 0, 0, 0, 0], 'moderate'],
  [[0, 0, null, null, null, 1, 0], 'moderate'],
  [[0, 0, null, null, null, 1, 1], 'high'],
  [[1, 1, 0, 1, 0, 0, 0], 'high'],
]

describe('G24-4.2.2: the C-SSRS screener', () => {
  test.each(triages)('%j is %s', (answers, level) => {
    const result = scored('c-ssrs-screener', answers)
    expect([result.triage, result.complete, result.total]).toEqual([level, true, null])
    expect(findingsOf(the('c-ssrs-screener'), result)).toEqual(
      level === 'none' ? [] : [{ source: 'triage', level, code: 'c-ssrs-screener.triage' }],
    )
  })

  test('a yes with the next question open is at least low, incomplete, and goes on asking', () => {
    const result = scored('c-ssrs-screener', [1, null])
    expect(result).toMatchObject({ complete: false, triage: 'low', missing: ['2', '6'] })
    expect(prompts(result)).toEqual(['danger-question', 'finish'])
  })

  test('open questions never come out as "none"', () => {
    expect(scored('c-ssrs-screener', [0, null]).triage).toBeNull()
    expect(scored('c-ssrs-screener', []).triage).toBeNull()
  })

  test('of contradictory answers the more serious stands, and the contradiction is shown', () => {
    const plan = scored('c-ssrs-screener', [0, 0, null, null, 1, 0, 0])
    expect(plan.triage).toBe('high')
    expect(plan.prompts).toContainEqual({ code: 'contradiction', items: ['5'] })
    const recent = scored('c-ssrs-screener', [0, 0, null, null, null, 0, 1])
    expect(recent.triage).toBe('high')
    expect(recent.prompts).toContainEqual({ code: 'contradiction', items: ['6-recent'] })
  })

  test('no more yes ever makes the triage less serious', () => {
    const of = the('c-ssrs-screener')
    const rank = (level: string | null) => ['none', 'low', 'moderate', 'high'].indexOf(level ?? 'none')
    const bit = fc.constantFrom(0, 1)
    fc.assert(
      fc.property(fc.array(bit, { minLength: 7, maxLength: 7 }), fc.nat(6), (answers, place) => {
        const more = answers.map((value, at) => (at === place ? 1 : value))
        expect(rank(score(of, given(of, more)).triage)).toBeGreaterThanOrEqual(
          rank(score(of, given(of, answers)).triage),
        )
      }),
    )
  })
})

const totalled = [...all.values()].filter((of) => of.scoring.variants.length > 0)
/** Complete answers to a totalled instrument, every question asked. */
const complete = (of: Instrument) =>
  fc
    .tuple(...questionsOf(of).map((item) => fc.constantFrom(...optionsOf(item))))
    .map((answers) => (of.id === 'pc-ptsd-5' ? [1, ...answers.slice(1)] : answers))

describe('G24-4.3.4: what holds for all answers', () => {
  test.each(totalled.map((of) => [of.id, of] as const))(
    '%s: more of an item never lowers the total, more of a reversed one never raises it',
    (_id, of) => {
      const places = questionsOf(of).map((item, place) => ({ item, place }))
      const scoredPlaces = places.filter(({ item }) => of.scoring.items.includes(item.linkId))
      fc.assert(
        fc.property(complete(of), fc.constantFrom(...scoredPlaces), (answers, { item, place }) => {
          const options = optionsOf(item)
          const next = options[options.indexOf(answers[place] ?? 0) + 1]
          if (next === undefined) return
          const before = score(of, given(of, answers))
          const after = score(
            of,
            given(
              of,
              answers.map((value, at) => (at === place ? next : value)),
            ),
          )
          const rise = (after.raw ?? 0) - (before.raw ?? 0)
          if (of.scoring.reversed.includes(item.linkId)) expect(rise).toBeLessThan(0)
          else expect(rise).toBeGreaterThan(0)
          expect(
            Math.sign((after.total ?? 0) - (before.total ?? 0)) * Math.sign(rise),
          ).toBeGreaterThanOrEqual(0)
        }),
        { numRuns: 60 },
      )
    },
  )

  test.each(totalled.map((of) => [of.id, of] as const))(
    '%s: the total lies in its range, and its band holds it with both ends',
    (_id, of) => {
      fc.assert(
        fc.property(complete(of), (answers) => {
          const { total, range, band } = score(of, given(of, answers))
          expect(total).toBeGreaterThanOrEqual(range?.least ?? Number.NaN)
          expect(total).toBeLessThanOrEqual(range?.most ?? Number.NaN)
          const bands = of.scoring.variants[0]?.bands ?? []
          const place = bands.findIndex((one) => one.code === band?.code)
          if (bands.length === 0) return
          expect(total).toBeGreaterThanOrEqual(bands[place]?.from ?? Number.NaN)
          expect(total).toBeLessThan(bands[place + 1]?.from ?? Number.POSITIVE_INFINITY)
        }),
        { numRuns: 60 },
      )
    },
  )

  test('where subscales divide an instrument, they hold every item once and their sum is the total', () => {
    const divided = totalled.filter((of) => of.scoring.partition)
    expect(divided.map((of) => of.id).sort()).toEqual(['pcl-5', 'phq-4'])
    for (const of of divided)
      fc.assert(
        fc.property(complete(of), (answers) => {
          const { subscales, total } = score(of, given(of, answers))
          expect(subscales.reduce((sum, one) => sum + one.value, 0)).toBe(total)
        }),
      )
  })

  test('leaving any scored answer out leaves no score, and never hides a critical answer', () => {
    const withCritical = totalled.filter((of) => of.scoring.critical.length > 0)
    for (const of of withCritical) {
      const ids = questionsOf(of).map((item) => item.linkId)
      fc.assert(
        fc.property(complete(of), fc.constantFrom(...of.scoring.items), (answers, left) => {
          const whole = score(of, given(of, answers))
          const part = score(
            of,
            given(
              of,
              answers.map((value, at) => (ids[at] === left ? null : value)),
            ),
          )
          expect([part.complete, part.total, part.band, part.subscales]).toEqual([false, null, null, []])
          expect(part.critical).toEqual(whole.critical.filter(({ item }) => item !== left))
        }),
        { numRuns: 60 },
      )
    }
  })
})
