import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  countingEntries,
  isCrisis,
  judgeRiskChange,
  levelOf,
  newsIn,
  riskLevels,
  riskRank,
  riskSources,
  shownRisk,
  urgency,
  type RiskEntry,
  type RiskFinding,
} from './risk.ts'

const finding: fc.Arbitrary<RiskFinding> = fc.record({
  source: fc.constantFrom(...riskSources),
  level: fc.constantFrom(...riskLevels),
  code: fc.constantFrom('danger.plan', 'danger.within-72h', 'judgement', 'phq-9.9'),
})
const said = (source: RiskFinding['source'], level: RiskFinding['level'], code: string): RiskFinding => ({
  source,
  level,
  code,
})
const entered = (entries: readonly RiskEntry[], ...findings: RiskFinding[]): RiskEntry[] => [
  ...entries,
  ...newsIn(entries, findings, ['danger', 'judgement']),
]
const lowered = (level: RiskEntry['level']): RiskEntry => ({
  source: 'lowering',
  level,
  code: '',
  reason: 'misheard',
})

test('G24-4.3.5: the most serious source gives the level; nothing is averaged', () => {
  expect(levelOf([])).toBe(null)
  expect(levelOf(entered([], said('judgement', 'high', 'judgement'), said('scale', 'low', 'who-5')))).toBe(
    'high',
  )
})

test('G24-4.3.5: for any sequence of findings the level never falls but by a granted lowering', () => {
  const move = fc.oneof(
    fc.record({ findings: fc.array(finding, { maxLength: 4 }) }),
    fc.record({
      to: fc.constantFrom(...riskLevels),
      reason: fc.constantFrom('', ' ', 'misheard'),
      supervisor: fc.constantFrom(null, 'ann', 'bo'),
    }),
  )
  fc.assert(
    fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
      let entries: RiskEntry[] = []
      for (const one of moves) {
        const before = levelOf(entries)
        if ('findings' in one) {
          entries = entered(entries, ...one.findings)
          expect(riskRank(levelOf(entries))).toBeGreaterThanOrEqual(riskRank(before))
          continue
        }
        const judged = judgeRiskChange({ from: before, asker: 'ann', ...one })
        const falls = before !== null && riskRank(one.to) < riskRank(before)
        if (falls) expect(judged.allowed).toBe(one.reason.trim() !== '' && one.supervisor === 'bo')
        if (falls && judged.allowed) {
          entries = [...entries, lowered(one.to)]
          expect(levelOf(entries)).toBe(one.to)
        }
      }
    }),
  )
})

test('what is said again is not written again, whatever its words', () => {
  fc.assert(
    fc.property(fc.array(finding, { maxLength: 6 }), (findings) => {
      const once = entered([], ...findings)
      expect(newsIn(once, findings, ['danger', 'judgement'])).toEqual([])
      const words = findings.map((one) => ({ ...one, reason: 'typed further' }))
      expect(newsIn(once, words)).toEqual([])
    }),
  )
})

test('after a lowering what was known stays lowered; what is taken back and said again raises', () => {
  const within = said('criteria', 'high', 'danger.within-72h')
  const before = [...entered([], within), lowered('low')]
  expect(levelOf(entered(before, within))).toBe('low')
  const takenBack = entered(before, said('judgement', 'low', 'judgement'))
  expect(levelOf(takenBack)).toBe('low')
  expect(levelOf(entered(takenBack, within))).toBe('high')
  expect(countingEntries(before)).toEqual([lowered('low')])
})

test('raising needs nothing; lowering needs a reason and a supervisor who is not the asker', () => {
  const change = { from: 'high', to: 'low', reason: 'misheard', asker: 'ann', supervisor: 'bo' } as const
  expect(judgeRiskChange(change)).toEqual({ allowed: true })
  expect(judgeRiskChange({ ...change, from: 'low', to: 'acute', reason: '', supervisor: null })).toEqual({
    allowed: true,
  })
  expect(judgeRiskChange({ ...change, reason: '  ' })).toEqual({ allowed: false, needs: 'reason' })
  expect(judgeRiskChange({ ...change, supervisor: null })).toEqual({ allowed: false, needs: 'supervisor' })
  expect(judgeRiskChange({ ...change, supervisor: 'ann' })).toEqual({
    allowed: false,
    needs: 'another-supervisor',
  })
})

test('the danger key goes first like acute, is no level, and is replaced by the first assessment', () => {
  expect(urgency(true, null)).toBe(riskRank('acute'))
  expect(urgency(true, 'low')).toBe(riskRank('low'))
  expect(shownRisk(true, null)).toBe('danger-key')
  expect(shownRisk(true, 'low')).toBe('low')
  expect(
    judgeRiskChange({ from: null, to: 'none', reason: '', asker: 'ann', supervisor: null }).allowed,
  ).toBe(true)
})

test('high and acute are crisis calls, and so is every call with the danger key', () => {
  expect(riskLevels.filter((level) => isCrisis(false, level))).toEqual(['high', 'acute'])
  expect(isCrisis(true, 'none')).toBe(true)
})
