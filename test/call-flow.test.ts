import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { callFlow } from '../domain/call-flow.ts'

test('the picture of the call flow in the documentation is the one the table gives', () => {
  expect(readFileSync(new URL('../docs/call-flow.md', import.meta.url), 'utf8')).toBe(callFlow())
})
