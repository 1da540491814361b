/* A key management system on this machine: a program of its own that wraps and unwraps, and fails when told to. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll } from 'vitest'

/** How the program behaves: well, as if the network were gone, with an open mouth, echoing, or saying nothing for ever. */
export type KmsMood = 'well' | 'away' | 'babbling' | 'echoing' | 'silent'

/** A program and what it is told. */
export interface Kms {
  /** Its path, for HEARTHLINE_KMS_COMMAND. */
  program: string
  mood: (mood: KmsMood) => void
  /** Gives it another key, as if the wrong one had been named. */
  otherKey: () => void
}

const source = `#!${process.execPath}
const { readFileSync } = require('node:fs')
const { createCipheriv, createDecipheriv, randomBytes } = require('node:crypto')
const mood = readFileSync(__dirname + '/mood', 'utf8')
const key = readFileSync(__dirname + '/key')
const bytes = Buffer.from(readFileSync(0, 'utf8'), 'base64')
const say = (answer) => process.stdout.write(answer.toString('base64') + '\\n')
if (mood === 'away') process.exit(2)
else if (mood === 'silent') setInterval(() => undefined, 1000)
else if (mood === 'babbling') process.stdout.write('{"errors":["permission denied"]}')
else if (mood === 'echoing') say(bytes)
else if (process.argv[2] === 'wrap') {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(bytes), cipher.final()])
  say(Buffer.concat([nonce, cipher.getAuthTag(), body]))
} else if (process.argv[2] === 'unwrap') {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28))
  say(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]))
} else process.exit(64)
`

/** Makes one; it goes with the tests of the file. */
export function aKms(): Kms {
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-kms-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'kms.cjs')
  writeFileSync(program, source)
  chmodSync(program, 0o755)
  const kms: Kms = {
    program,
    mood: (mood) => writeFileSync(join(folder, 'mood'), mood),
    otherKey: () => writeFileSync(join(folder, 'key'), randomBytes(32)),
  }
  kms.mood('well')
  kms.otherKey()
  return kms
}
