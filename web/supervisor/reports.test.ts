import { expect, test } from 'vitest'
import type { ReportRow } from '../../api/crisis.ts'
import { hush, inOrder, soundingFor } from './reports.ts'

const aReport = (given: Partial<ReportRow>): ReportRow => ({
  reportId: 'a',
  contactId: 'c',
  contactNumber: 7,
  contactState: 'talking',
  line: '热线',
  counsellor: '小李',
  kind: 'consult',
  reason: 'high-risk',
  level: 'high',
  openedAt: '2026-11-21T12:00:00.000Z',
  stage: 0,
  nextAt: null,
  asked: ['王老师'],
  acknowledgedAt: null,
  acknowledgedBy: null,
  note: '',
  mine: true,
  ...given,
})
const none = new Map<string, number>()

test('the alarm sounds for the one who is asked, and for everybody at the last stage', () => {
  expect(soundingFor([aReport({})], '王老师', none)).toHaveLength(1)
  expect(soundingFor([aReport({})], '赵老师', none)).toEqual([])
  expect(soundingFor([aReport({ stage: 2 })], '赵老师', none)).toHaveLength(1)
})

test('it does not sound for what somebody else must acknowledge or has acknowledged', () => {
  expect(soundingFor([aReport({ mine: false, stage: 2 })], '王老师', none)).toEqual([])
  const done = aReport({ acknowledgedAt: '2026-11-21T12:01:00.000Z' })
  expect(soundingFor([done], '王老师', none)).toEqual([])
})

test('a silenced report sounds again when it goes further, and a new one sounds at once', () => {
  const silent = hush([aReport({})])
  expect(soundingFor([aReport({})], '王老师', silent)).toEqual([])
  expect(soundingFor([aReport({ stage: 1 })], '王老师', silent)).toHaveLength(1)
  expect(soundingFor([aReport({}), aReport({ reportId: 'b' })], '王老师', silent)).toHaveLength(1)
})

test('what I can do something about stands first, then what went furthest, then what waits longest', () => {
  const reports = [
    aReport({ reportId: 'others', mine: false, stage: 2 }),
    aReport({ reportId: 'new', openedAt: '2026-11-21T12:05:00.000Z' }),
    aReport({ reportId: 'old' }),
    aReport({ reportId: 'further', stage: 1, openedAt: '2026-11-21T12:06:00.000Z' }),
  ]
  expect(inOrder(reports).map((report) => report.reportId)).toEqual(['further', 'old', 'new', 'others'])
})
