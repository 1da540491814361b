import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLog } from './log-file.ts'

test('a log keeps its newest lines in a few files that only their owner may read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-log-'))
  const log = openLog(join(folder, 'server.log'), 100, 2)
  for (let n = 0; n < 60; n++) log.write(`line ${n}`)
  log.close()
  const files = readdirSync(folder).sort()
  expect(files).toEqual(['server.log', 'server.log.1', 'server.log.2'])
  const kept = files
    .toReversed()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
  expect(kept.at(-1)).toBe('line 59')
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => `line ${60 - kept.length + i}`))
  for (const name of files) {
    expect(statSync(join(folder, name)).size).toBeLessThan(120)
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  }
  rmSync(folder, { recursive: true })
})
