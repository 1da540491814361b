import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sizing, usualSizing } from '../../domain/sizing.ts'
import { showSizing } from './sizing.ts'
import { CommandRefused } from './users.ts'

let said: string[]
beforeEach(() => {
  said = []
  vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text))
})
afterEach(() => vi.restoreAllMocks())

test('a load is answered with seats and channels; what is not said is as usual', () => {
  showSizing(['--calls', '20', '--json'])
  expect(JSON.parse(said[0] ?? '')).toEqual(sizing({ ...usualSizing, callsAnHour: 20 }))
  showSizing(['--calls', '200', '--talk', '180', '--wrap-up', '0', '--within', '20', '--json'])
  expect(JSON.parse(said[1] ?? '')).toMatchObject({ load: 10, seats: 14, planned: 20 })
  showSizing(['--calls', '20'])
  expect(said[2]).toContain('Trunk channels')
})

test('what cannot be meant is refused', () => {
  for (const args of [
    [],
    ['--calls', '0'],
    ['--calls', 'x'],
    ['--calls', '5', '--level', '100'],
    ['--calls', '5', '--absent', '95'],
    ['--calls', '5', 'more'],
    ['--nonsense'],
  ])
    expect(() => showSizing(args)).toThrow(CommandRefused)
})
