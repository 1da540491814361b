import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isCrisis,
  judgeRiskChange,
  riskLevels,
  riskOf,
  riskRank,
  shownRisk,
  urgency,
  type RiskSource,
} from './risk.ts'

const source = fc.record({
  from: fc.constantFrom<RiskSource['from'][]>('criteria', 'judgement', 'triage', 'scale', 'critical-item'),
  level: fc.constantFrom(...riskLevels),
})

test('the most serious source gives the level; nothing lowers it', () => {
  expect(riskOf([])).toBe(null)
  expect(
    riskOf([
      { from: 'judgement', level: 'high' },
      { from: 'scale', level: 'low' },
    ]),
  ).toBe('high')
  fc.assert(
    fc.property(fc.array(source), source, (sources, more) => {
      expect(riskRank(riskOf([...sources, more]))).toBeGreaterThanOrEqual(riskRank(riskOf(sources)))
    }),
  )
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
