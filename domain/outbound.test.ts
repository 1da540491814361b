import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  afterTry,
  defaultOutboundLimits,
  fitsPattern,
  isOverLimit,
  isRefusing,
  isTrunkFault,
  nextWay,
  outboundLimitsOf,
  type TrunkRefusals,
  type TrunkUse,
  type Way,
} from './outbound.ts'

const way = (trunk: string, more: Partial<Way> = {}): Way => ({
  trunk,
  from: null,
  patterns: ['*'],
  rank: 1,
  mostCalls: null,
  ...more,
})
const free: TrunkUse = { tried: [], online: () => true, calls: () => 0 }

test('X is any digit, a last * lets anything follow, everything else is itself', () => {
  expect(fitsPattern('1XXXXXXXXXX', '13800138000')).toBe(true)
  expect(fitsPattern('1XXXXXXXXXX', '138001380001')).toBe(false)
  expect(fitsPattern('0571*', '05718888')).toBe(true)
  expect(fitsPattern('0571*', '0572')).toBe(false)
  expect(fitsPattern('00*', '13800138000')).toBe(false)
})

test('trunks are tried in their order; one that is gone, full or was tried is passed over', () => {
  const ways = [way('b', { rank: 2 }), way('a', { rank: 1, mostCalls: 2 }), way('c', { rank: 3 })]
  expect(nextWay(ways, '13800138000', free)?.trunk).toBe('a')
  expect(nextWay(ways, '13800138000', { ...free, calls: (trunk) => (trunk === 'a' ? 2 : 99) })?.trunk).toBe(
    'b',
  )
  expect(nextWay(ways, '13800138000', { ...free, online: (trunk) => trunk !== 'a' })?.trunk).toBe('b')
  expect(nextWay(ways, '13800138000', { ...free, tried: ['a', 'b'] })?.trunk).toBe('c')
  expect(nextWay(ways, '13800138000', { ...free, tried: ['a', 'b', 'c'] })).toBe(null)
})

test('when every trunk seems gone the first is tried all the same', () => {
  expect(nextWay([way('b'), way('a')], '1', { ...free, online: () => false })?.trunk).toBe('a')
})

test('toll fraud: a number is never dialled by a trunk whose patterns do not allow it, however the trunks stand', () => {
  const patterns = fc.array(fc.constantFrom('1XXXXXXXXXX', '0571*', '110', '00*'), { maxLength: 3 })
  const any = fc.record({
    ways: fc.array(fc.tuple(patterns, fc.integer({ min: 1, max: 9 })), { maxLength: 5 }),
    tried: fc.array(fc.nat(5)),
    online: fc.boolean(),
    number: fc.constantFrom('13800138000', '05718888', '110', '0085212345678', '999'),
  })
  fc.assert(
    fc.property(any, ({ ways, tried, online, number }) => {
      const all = ways.map(([allowed, rank], n) => way(`t${n}`, { patterns: allowed, rank }))
      const use = { ...free, tried: tried.map((n) => `t${n}`), online: () => online }
      const found = nextWay(all, number, use)
      if (!found) return
      expect(found.patterns.some((pattern) => fitsPattern(pattern, number))).toBe(true)
      expect(use.tried).not.toContain(found.trunk)
    }),
  )
})

test('only what the trunk is to blame for goes on by the next one', () => {
  expect(isTrunkFault({ cause: 'unreachable', sip: 503, rang: false })).toBe(true)
  expect(isTrunkFault({ cause: 'no-answer', sip: 408, rang: false })).toBe(true)
  expect(isTrunkFault({ cause: 'error', sip: null, rang: false })).toBe(true)
  expect(isTrunkFault({ cause: 'unreachable', sip: 503, rang: true })).toBe(false)
  expect(isTrunkFault({ cause: 'declined', sip: 407, rang: false })).toBe(true)
  expect(isTrunkFault({ cause: 'declined', sip: 403, rang: false })).toBe(false)
  expect(isTrunkFault({ cause: 'unreachable', sip: 404, rang: false })).toBe(false)
  expect(isTrunkFault({ cause: 'busy', sip: 486, rang: false })).toBe(false)
  expect(isTrunkFault({ cause: 'cancelled', sip: null, rang: false })).toBe(false)
})

test('a trunk refuses once it did not take three calls in a row, until it takes one or ten minutes are over', () => {
  const after = (tries: readonly boolean[], now: number): TrunkRefusals | undefined =>
    tries.reduce<TrunkRefusals | undefined>(
      (before, took) => afterTry(before, took, now) ?? undefined,
      undefined,
    )
  expect(isRefusing(undefined, 0)).toBe(false)
  expect(isRefusing(after([false, false], 0), 0)).toBe(false)
  expect(isRefusing(after([false, false, false], 0), 599_999)).toBe(true)
  expect(isRefusing(after([false, false, false], 0), 600_000)).toBe(false)
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 20 }), (tries) => {
      const inRow = tries.toReversed().findIndex((took) => took)
      expect(isRefusing(after(tries, 5), 5)).toBe((inRow < 0 ? tries.length : inRow) >= 3)
    }),
  )
})

test('toll fraud: the limit of a person or of the hotline refuses, but never a call for somebody in danger or to 110, 119, 120', () => {
  const limits = { perPerson: 5, perHotline: 20 }
  const call = { number: '13800138000', danger: false, risk: null, byPerson: 0, byHotline: 0 }
  expect(isOverLimit(call, limits)).toBe(false)
  expect(isOverLimit({ ...call, byPerson: 5 }, limits)).toBe(true)
  expect(isOverLimit({ ...call, byHotline: 20 }, limits)).toBe(true)
  const over = { ...call, byPerson: 99, byHotline: 99 }
  expect(isOverLimit({ ...over, danger: true }, limits)).toBe(false)
  expect(isOverLimit({ ...over, risk: 'high' }, limits)).toBe(false)
  expect(isOverLimit({ ...over, risk: 'moderate' }, limits)).toBe(true)
  expect(isOverLimit({ ...over, number: '120' }, limits)).toBe(false)
})

test('a hotline sets its own limits; what cannot be read leaves the defaults', () => {
  expect(outboundLimitsOf({ outbound: { perPerson: 3 } })).toEqual({ ...defaultOutboundLimits, perPerson: 3 })
  fc.assert(
    fc.property(fc.jsonValue(), (nonsense) => {
      expect(outboundLimitsOf({ outbound: nonsense }).perHotline).toBeGreaterThanOrEqual(0)
    }),
  )
  for (const nonsense of [null, {}, { outbound: 'none' }, { outbound: { perPerson: 'many' } }])
    expect(outboundLimitsOf(nonsense)).toEqual(defaultOutboundLimits)
})
