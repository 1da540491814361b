import { expect, test } from 'vitest'
import { palettes, themeAt } from './theme.ts'

const channel = (hex: string, place: number): number => {
  const value = Number.parseInt(hex.slice(1 + place * 2, 3 + place * 2), 16) / 255
  return value <= 0.039_28 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
const light = (hex: string): number =>
  0.2126 * channel(hex, 0) + 0.7152 * channel(hex, 1) + 0.0722 * channel(hex, 2)
const contrast = (one: string, other: string): number => {
  const [low = 0, high = 0] = [light(one), light(other)].toSorted((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

test.each(['light', 'dark'] as const)(
  'text of the %s theme has contrast AA on every ground it stands on',
  (name) => {
    const p = palettes[name]
    const pairs = [
      ...[p.ground, p.surface, p.raised, p.mainSoft, p.amberSoft, p.redSoft].flatMap((ground) => [
        [p.text, ground],
        [p.quiet, ground],
      ]),
      [p.main, p.surface],
      [p.main, p.mainSoft],
      [p.onMain, p.main],
      [p.amber, p.surface],
      [p.amber, p.amberSoft],
      [p.red, p.surface],
      [p.red, p.redSoft],
      [p.onRed, p.red],
    ]
    expect(pairs.filter(([text = '', ground = '']) => contrast(text, ground) < 4.5)).toEqual([])
  },
)

test.each(['light', 'dark'] as const)('edges of fields of the %s theme are seen', (name) => {
  const p = palettes[name]
  expect(contrast(p.edge, p.surface)).toBeGreaterThanOrEqual(3)
})

test('nights are dark from 19 to 7 unless the person chose', () => {
  expect([18, 19, 23, 0, 6, 7].map((hour) => themeAt('auto', hour))).toEqual([
    'light',
    'dark',
    'dark',
    'dark',
    'dark',
    'light',
  ])
  expect(themeAt('light', 3)).toBe('light')
})
