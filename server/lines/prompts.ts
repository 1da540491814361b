/* What callers hear: shipped prompts, their replacements, and the files the switchboard plays. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { z } from 'zod'
import { lineGreeting, type prompt } from '../../api/administration.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { ListQuery } from '../db/paging.ts'
import { durationOf, promptWav } from './wav.ts'

/** A language prompts are kept in. */
export type Language = 'zh-CN' | 'en'
type Prompt = z.infer<typeof prompt>

const languages: readonly Language[] = ['zh-CN', 'en']
const shippedFolder = join(import.meta.dirname, '..', '..', 'clinical', 'prompts')
const largestNumber = 99

interface Shipped {
  key: string
  language: Language
  part: number
  words: string
  sha256: Buffer
  file: string
}

let shippedOnce: Promise<Shipped[]> | null = null

/** The prompts that come with the product; part 0 is a whole one, 1, 2 ... are said with numbers between them. */
function shippedPrompts(): Promise<Shipped[]> {
  shippedOnce ??= Promise.all(languages.map(readShipped)).then((found) => found.flat())
  return shippedOnce
}

async function readShipped(language: Language): Promise<Shipped[]> {
  const folder = join(shippedFolder, language)
  const names = (await readdir(folder)).filter((name) => /^[a-z-]+(\.\d)?\.wav$/.test(name))
  return Promise.all(
    names.map(async (name) => {
      const [key = '', part = '0'] = name.replace(/\.wav$/, '').split('.')
      const file = join(folder, name)
      const words = await readFile(file.replace(/\.wav$/, '.txt'), 'utf8')
      const sha256 = createHash('sha256')
        .update(await readFile(file))
        .digest()
      return { key, language, part: Number(part), words: words.trim(), sha256, file }
    }),
  )
}

const fileOf = (dataFolder: string, sha256: Buffer): string =>
  join(dataFolder, 'prompts', `${sha256.toString('hex')}.wav`)

/**
 * Registers what came with the product and is not yet the hotline's: version 1, or a new version where a shipped prompt
 * that nobody replaced has changed. Puts the files in place.
 */
export async function registerShipped(tx: Tx, hotlineId: string, dataFolder: string): Promise<void> {
  const shipped = await shippedPrompts()
  await mkdir(join(dataFolder, 'prompts'), { recursive: true, mode: 0o755 })
  const latest = new Map((await latestOf(tx)).map((row) => [`${row.key}/${row.language}/${row.part}`, row]))
  for (const one of shipped) {
    const present = latest.get(`${one.key}/${one.language}/${one.part}`)
    const known = present !== undefined && (!present.shipped || present.sha256.equals(one.sha256))
    if (!known)
      await tx
        .insertInto('prompt')
        .values({
          prompt_id: newId(),
          hotline_id: hotlineId,
          key: one.key,
          language: one.language,
          part: one.part,
          version: (present?.version ?? 0) + 1,
          words: one.words,
          sha256: one.sha256,
          shipped: true,
        })
        .execute()
    await putFile(fileOf(dataFolder, one.sha256), (fresh) => copyFile(one.file, fresh))
  }
}

async function putFile(file: string, write: (fresh: string) => Promise<void>): Promise<void> {
  if (existsSync(file)) return
  const fresh = `${file}.${newId()}.new`
  await write(fresh)
  await rename(fresh, file)
}

interface Row {
  prompt_id: string
  key: string
  language: Language
  part: number
  version: number
  words: string
  sha256: Buffer
  shipped: boolean
  created_at: Date
  created_by_name: string | null
}

async function latestOf(tx: Tx, of?: { key: string; language: Language }): Promise<Row[]> {
  const condition = of ? sql`where t.key = ${of.key} and t.language = ${of.language}` : sql``
  const { rows } = await sql<Row>`
    select distinct on (t.key, t.language, t.part) t.prompt_id, t.key, t.language, t.part, t.version, t.words, t.sha256,
      t.shipped, t.created_at, p.display_name as created_by_name
    from prompt t left join person p on p.person_id = t.created_by ${condition}
    order by t.key, t.language, t.part, t.version desc`.execute(tx)
  return rows
}

/**
 * The files that say a prompt with its values, one after the other, and the versions chosen (`key.part@version`) for the
 * record. A prompt the language lacks is said in the other one; an unknown one is silence.
 */
export async function promptFiles(
  tx: Tx,
  dataFolder: string,
  language: Language,
  key: string,
  values: { n?: number; m?: number },
): Promise<{ files: string[]; versions: string[] }> {
  let spoken = language
  let rows = await latestOf(tx, { key, language })
  if (rows.length === 0) {
    spoken = language === 'en' ? 'zh-CN' : 'en'
    rows = await latestOf(tx, { key, language: spoken })
  }
  const whole = rows.find((row) => row.part === 0)
  const parts = whole ? [whole] : rows
  const between = [values.n, values.m]
  const files: string[] = []
  for (const [i, row] of parts.entries()) {
    files.push(await soundFile(tx, dataFolder, row))
    const value = between[i]
    if (i + 1 < parts.length && value !== undefined) files.push(numberFile(spoken, value))
  }
  return { files, versions: parts.map((row) => `${row.key}.${row.part}@${row.version}`) }
}

const numberFile = (language: Language, value: number): string =>
  join(shippedFolder, language, 'numbers', `${Math.max(0, Math.min(largestNumber, Math.round(value)))}.wav`)

/** The file of a version, written again from the database when the folder lost it. */
async function soundFile(
  tx: Tx,
  dataFolder: string,
  row: Pick<Row, 'prompt_id' | 'sha256'>,
): Promise<string> {
  const file = fileOf(dataFolder, row.sha256)
  if (existsSync(file)) return file
  await mkdir(join(dataFolder, 'prompts'), { recursive: true, mode: 0o755 })
  const stored = await tx
    .selectFrom('prompt')
    .select('sound')
    .where('prompt_id', '=', row.prompt_id)
    .executeTakeFirst()
  const shipped = (await shippedPrompts()).find((one) => one.sha256.equals(row.sha256))
  const sound = stored?.sound
  if (sound) await putFile(file, (fresh) => writeFile(fresh, sound))
  else if (shipped) await putFile(file, (fresh) => copyFile(shipped.file, fresh))
  else throw new Problem('prompt.notFound')
  return file
}

async function shown(tx: Tx, dataFolder: string, row: Row): Promise<Prompt> {
  const bytes = await soundFile(tx, dataFolder, row)
    .then((file) => stat(file))
    .then((found) => found.size)
    .catch(() => 0)
  return {
    key: row.key,
    language: row.language,
    part: row.part,
    version: row.version,
    words: row.words,
    shipped: row.shipped,
    changedAt: row.created_at.toISOString(),
    changedBy: row.created_by_name,
    durationMs: durationOf(bytes),
  }
}

/** The prompts in their present versions; there are few, so the page is cut here. */
export async function listPrompts(
  tx: Tx,
  dataFolder: string,
  query: ListQuery,
): Promise<{ rows: Prompt[]; next: string | null }> {
  const text = query.text?.toLowerCase() ?? ''
  const idOf = (row: Row): string => `${row.key}/${row.language}/${row.part}`
  const rows = (await latestOf(tx)).filter((row) => `${row.key} ${row.words}`.toLowerCase().includes(text))
  if (query.sort === 'newest') rows.sort((a, b) => b.created_at.getTime() - a.created_at.getTime())
  const start = query.after === undefined ? 0 : rows.findIndex((row) => idOf(row) === query.after) + 1
  const page = rows.slice(start, start + query.limit)
  const last = page.at(-1)
  return {
    rows: await Promise.all(page.map((row) => shown(tx, dataFolder, row))),
    next: last && start + page.length < rows.length ? idOf(last) : null,
  }
}

/** Whether the key is that of an own greeting of one of the hotline's lines. */
async function isLineGreeting(tx: Tx, key: string): Promise<boolean> {
  const lines = await tx.selectFrom('line').select('line_id').execute()
  return lines.some((line) => lineGreeting(line.line_id) === key)
}

/** Adds a version made of an uploaded WAV; the old ones stay. `prompt.notFound`, `prompt.notAudio`, `prompt.tooLong`. */
export async function replacePrompt(
  tx: Tx,
  dataFolder: string,
  hotlineId: string,
  given: {
    key: string
    language: Language
    part: number
    words: string
    wav: Buffer
    personId: string
    now: Date
  },
): Promise<Prompt> {
  const { key, language, part } = given
  const sound = await promptWav(given.wav)
  await sql`select from hotline for update`.execute(tx)
  const present = (await latestOf(tx, { key, language })).find((row) => row.part === part)
  if (!present && !(part === 0 && (await isLineGreeting(tx, key)))) throw new Problem('prompt.notFound')
  await tx
    .insertInto('prompt')
    .values({
      prompt_id: newId(),
      hotline_id: hotlineId,
      key,
      language,
      part,
      version: (present?.version ?? 0) + 1,
      words: given.words,
      sha256: createHash('sha256').update(sound).digest(),
      sound,
      created_by: given.personId,
      created_at: given.now,
    })
    .execute()
  const fresh = (await latestOf(tx, { key, language })).find((row) => row.part === part)
  if (!fresh) throw new Problem('prompt.notFound')
  return shown(tx, dataFolder, fresh)
}

/** The sound of one version. */
export async function promptSound(
  tx: Tx,
  dataFolder: string,
  of: { key: string; language: Language; part: number; version: number },
): Promise<Buffer> {
  const row = await tx
    .selectFrom('prompt')
    .select(['prompt_id', 'sha256'])
    .where('key', '=', of.key)
    .where('language', '=', of.language)
    .where('part', '=', of.part)
    .where('version', '=', of.version)
    .executeTakeFirst()
  if (!row) throw new Problem('prompt.notFound')
  return readFile(await soundFile(tx, dataFolder, row))
}
