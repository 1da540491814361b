import { expect, test } from 'vitest'
import { matches, nameOf } from './keys.ts'

const pressed = (code: string, key: string, alt = false, ctrl = false) =>
  nameOf({ code, key, altKey: alt, ctrlKey: ctrl, metaKey: false })

test('a key with Alt is known by its place, so that every keyboard layout works', () => {
  expect(pressed('KeyA', 'å', true)).toBe('Alt+A')
  expect(pressed('Digit3', '£', true)).toBe('Alt+3')
  expect(pressed('Numpad3', '3', true)).toBe('Alt+3')
})

test('the browser keeps its own keys with Ctrl', () => {
  expect(pressed('KeyA', 'a', false, true)).toBe('')
})

test('one entry may stand for the five stages', () => {
  expect(matches('Alt+1..5', 'Alt+1')).toBe(true)
  expect(matches('Alt+1..5', 'Alt+5')).toBe(true)
  expect(matches('Alt+1..5', 'Alt+6')).toBe(false)
  expect(matches('Alt+1..5', '1')).toBe(false)
  expect(matches('Alt+D', 'Alt+D')).toBe(true)
})
