import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../settings.ts'
import { about, type Finding } from './finding.ts'

const languages = ['zh-CN', 'en']

/** Whether callers of either language hear every prompt: each text has its sound, 8 kHz mono, 16 bits. */
export function lookAtSounds(folder = join(projectRoot, 'clinical', 'prompts')): Finding {
  const { ok, fail } = about('sounds')
  const wanted = new Set(['music/calm.wav'])
  for (const language of languages)
    for (const name of namesIn(join(folder, language)))
      for (const each of languages) wanted.add(`${each}/${name.replace(/\.txt$/, '.wav')}`)
  const bad = [...wanted].filter((name) => !isTelephoneSound(join(folder, name)))
  if (bad.length === 0 && wanted.size > 1)
    return ok(`All ${wanted.size} prompts are there.`, `${wanted.size} 个提示音齐全。`)
  const list = bad.slice(0, 5).join(', ')
  return fail(
    `Missing or not 8 kHz mono WAV: ${list}${bad.length > 5 ? ` and ${bad.length - 5} more` : ''}. Put back clinical/prompts.`,
    `提示音缺失或格式不符:${list}。请恢复 clinical/prompts。`,
  )
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const numbers = join(folder, 'numbers')
  const counted = existsSync(numbers) ? readdirSync(numbers).map((name) => `numbers/${name}`) : []
  return [...readdirSync(folder), ...counted].filter((name) => /\.(txt|wav)$/.test(name))
}

/** Reads the header of a RIFF file: PCM, one channel, 8000 samples a second, 16 bits, and some sound in it. */
export function isTelephoneSound(file: string): boolean {
  try {
    const bytes = readFileSync(file)
    if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') return false
    const format = chunk(bytes, 'fmt ')
    if (format.readUInt16LE(0) !== 1 || format.readUInt16LE(2) !== 1) return false
    if (format.readUInt32LE(4) !== 8000 || format.readUInt16LE(14) !== 16) return false
    return chunk(bytes, 'data').length > 0
  } catch {
    return false
  }
}

function chunk(bytes: Buffer, id: string): Buffer {
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32LE(at + 4)
    if (bytes.toString('latin1', at, at + 4) === id) return bytes.subarray(at + 8, at + 8 + size)
    at += 8 + size + (size % 2)
  }
  throw new Error(`a WAV file without ${id}`)
}
