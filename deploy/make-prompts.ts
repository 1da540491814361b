/**
 * Makes the shipped prompts from docs/words.md with espeak-ng and sox: 8 kHz mono WAV, the words beside each.
 * Run by hand when the words change (`node deploy/make-prompts.ts`); an administrator's own recordings replace them.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = join(root, 'clinical', 'prompts')
const scratch = mkdtempSync(join(tmpdir(), 'prompts-'))
const voices = { 'zh-CN': { voice: 'cmn', speed: '215' }, en: { voice: 'en-gb', speed: '165' } } as const
type Language = keyof typeof voices

/** Speaks `words` into `file`, levelled and with a short breath at both ends. */
const speak = (language: Language, words: string, file: string): void => {
  const raw = join(scratch, 'raw.wav')
  const { voice, speed } = voices[language]
  execFileSync('espeak-ng', ['-v', voice, '-s', speed, '-w', raw, words])
  execFileSync('sox', [
    raw,
    '-r',
    '8000',
    '-c',
    '1',
    '-b',
    '16',
    '-D',
    `${file}.wav`,
    'silence',
    '1',
    '0.02',
    '0.5%',
    'reverse',
    'silence',
    '1',
    '0.02',
    '0.5%',
    'reverse',
    'norm',
    '-6',
    'pad',
    '0.05',
    '0.1',
  ])
}

const rows = readFileSync(join(root, 'docs', 'words.md'), 'utf8').split('## What a caller hears')[1] ?? ''
const prompts = [...rows.matchAll(/^\| ([a-z-]+) \| (.+?) \| (.+?) \|$/gm)].filter(([, key]) => key !== 'id')
for (const [, key = '', chinese = '', english = ''] of prompts) {
  for (const [language, words] of [
    ['zh-CN', chinese],
    ['en', english],
  ] as const) {
    mkdirSync(join(target, language, 'numbers'), { recursive: true })
    const parts = words.split(/\{[nm]\}/).map((part) => part.trim())
    parts.forEach((part, index) => {
      const file = join(target, language, parts.length > 1 ? `${key}.${index + 1}` : key)
      speak(language, part.replace(/^[,,。.]+/, ''), file)
      writeFileSync(`${file}.txt`, `${part}\n`)
    })
  }
}
for (const language of ['zh-CN', 'en'] as const)
  for (let n = 0; n <= 99; n += 1)
    speak(
      language,
      language === 'zh-CN' && n === 2 ? '两' : String(n),
      join(target, language, 'numbers', String(n)),
    )

// Calm audio and the tone before a message: synthesised here, so they belong to the project.
mkdirSync(join(target, 'music'), { recursive: true })
const pad = (notes: number[]): string[] => [
  'synth',
  '12',
  ...notes.flatMap((hz) => ['sine', String(hz)]),
  'remix',
  '-',
  'fade',
  'q',
  '4',
  '12',
  '4',
  'gain',
  '-n',
  '-20',
]
const chords = [
  [130.8, 196, 329.6],
  [110, 164.8, 261.6],
  [87.3, 174.6, 220],
  [98, 146.8, 246.9],
]
chords.forEach((chord, index) =>
  execFileSync('sox', [
    '-n',
    '-r',
    '8000',
    '-c',
    String(1),
    join(scratch, `pad${index}.wav`),
    ...pad(chord).filter((word) => word !== 'remix' && word !== '-'),
  ]),
)
execFileSync('sox', [
  ...chords.map((_, index) => join(scratch, `pad${index}.wav`)),
  '-c',
  '1',
  '-b',
  '16',
  join(target, 'music', 'calm.wav'),
  'tremolo',
  '0.2',
  '20',
  'norm',
  '-20',
])
execFileSync('sox', [
  '-n',
  '-r',
  '8000',
  '-c',
  '1',
  '-b',
  '16',
  join(target, 'music', 'tone.wav'),
  'synth',
  '0.5',
  'sine',
  '1000',
  'gain',
  '-12',
  'fade',
  '0.02',
  '0.5',
  '0.02',
  'pad',
  '0.2',
  '0.1',
])
rmSync(scratch, { recursive: true })
