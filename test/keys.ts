/* Keys in a temporary folder, for tests that have no app. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openKeys, type Keys } from '../server/records/keys.ts'

/** Keys of their own for a test file; the folder goes with it. */
export function someKeys(): Keys {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return openKeys(folder, null)
}
