/* Sound files for what a caller is told, and the tone before a message. */
import { join } from 'node:path'
import { lineGreeting } from '../../api/administration.ts'
import type { Call, Effect, PlayPart } from '../../domain/call-state.ts'
import type { Ready } from './carrying.ts'
import { toldOf, type Shell } from './shell.ts'

/** Half a second of 1000 Hz, shipped beside the prompts. */
const messageTone = join(import.meta.dirname, '..', '..', 'clinical', 'prompts', 'music', 'tone.wav')

/** A prompt is looked up again after this long, so a replaced one is heard at once. */
const keptFor = 3_000

/** The effects with the files of what is played; which words are heard in which version is kept for the record. */
export async function withSounds(
  shell: Shell,
  hotlineId: string,
  call: Call,
  language: 'zh-CN' | 'en',
  effects: readonly Effect[],
): Promise<Ready[]> {
  const ready: Ready[] = []
  for (const effect of effects) {
    if (effect.do !== 'play') {
      ready.push({ effect, files: [] })
      continue
    }
    const { files, versions } = await soundsOf(shell, hotlineId, call.line, language, effect.parts)
    ready.push({ effect, files })
    if (versions.length > 0) {
      const told = { kind: 'heard', data: { words: wordsOf(effect.parts), versions } }
      shell.heard.set(call.contact, [...(shell.heard.get(call.contact) ?? []), told])
    }
  }
  return ready
}

const wordsOf = (parts: readonly PlayPart[]): string[] =>
  parts.flatMap((part) => ('prompt' in part ? [part.prompt] : []))

const nothing = { files: [], versions: [] }

/** The files of plain words that are no caller's. */
export const promptFiles = async (
  shell: Shell,
  hotlineId: string,
  language: 'zh-CN' | 'en',
  prompt: string,
): Promise<string[]> => (await promptOf(shell, hotlineId, language, prompt, {})).files

/** A prompt that cannot be found is left out: the caller is never dropped for it. */
async function soundsOf(
  shell: Shell,
  hotlineId: string,
  lineId: string,
  language: 'zh-CN' | 'en',
  parts: readonly PlayPart[],
): Promise<{ files: string[]; versions: string[] }> {
  const files: string[] = []
  const versions: string[] = []
  for (const part of parts) {
    if ('tone' in part) {
      files.push(messageTone)
      continue
    }
    try {
      const own = part.prompt.startsWith('greeting')
        ? await promptOf(shell, hotlineId, language, lineGreeting(lineId), {})
        : nothing
      const found =
        own.files.length > 0
          ? own
          : await promptOf(shell, hotlineId, language, part.prompt, part.values ?? {})
      files.push(...found.files)
      versions.push(...found.versions)
    } catch (error) {
      shell.log('a prompt has no sound', { prompt: part.prompt, ...toldOf(error) })
    }
  }
  return { files, versions }
}

function promptOf(
  shell: Shell,
  hotlineId: string,
  language: 'zh-CN' | 'en',
  key: string,
  values: { n?: number; m?: number },
): Promise<{ versions: string[]; files: string[] }> {
  const name = [hotlineId, language, key, values.n, values.m].join(' ')
  const known = shell.prompts.get(name)
  if (known && shell.now() - known.at < keptFor) return known.found
  if (shell.prompts.size > 500) shell.prompts.clear()
  const found = shell.sounds.promptFiles(hotlineId, language, key, values)
  shell.prompts.set(name, { at: shell.now(), found })
  found.catch(() => shell.prompts.delete(name))
  return found
}
