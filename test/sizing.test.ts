import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sizing, usualSizing } from '../domain/sizing.ts'

test('the table of seats and channels in the documentation is the one the formulas give', () => {
  const text = readFileSync(new URL('../docs/telephony.md', import.meta.url), 'utf8')
  const rows = [2, 5, 10, 20, 50, 100, 200].map((callsAnHour) => {
    const { load, seats, planned, channels } = sizing({ ...usualSizing, callsAnHour })
    return `| ${[callsAnHour, load, seats, planned, channels].join(' | ')} |`
  })
  expect(text).toContain(rows.join('\n'))
})
