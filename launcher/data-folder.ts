import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { takeFolder } from './exclusive.ts'
import { Trouble } from './trouble.ts'

/** Layout of the data folder; raised when an older program could no longer use what a newer one left there. */
const layout = 1
const parts = ['keys', 'recordings', 'prompts', 'cdr', 'log', 'cache']

/** Makes the folder and its parts where they are missing; throws Trouble when it cannot be written or is too new. */
export function openDataFolder(folder: string): void {
  try {
    // As root the database runs as somebody else, who must be able to pass through to data/pg; nobody may list it.
    if (makeFolder(folder) && process.getuid?.() === 0) chmodSync(folder, 0o711)
    for (const part of parts) makeFolder(join(folder, part))
    if (process.getuid?.() === 0) chmodSync(join(folder, 'cache'), 0o711)
    const trial = join(folder, `.writable-${process.pid}`)
    writeFileSync(trial, 'hearthline')
    rmSync(trial)
  } catch (error) {
    throw cannotWrite(folder, error)
  }
  checkLayout(folder)
}

/** Makes a folder and those above it, open to us only; tells whether it was missing. (Node's own way loops in /proc.) */
function makeFolder(folder: string): boolean {
  if (existsSync(folder)) return false
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
  return true
}

function cannotWrite(folder: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Trouble(
      `The disk of the data folder ${folder} is full.`,
      `数据文件夹 ${folder} 所在磁盘已满。`,
    )
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT'].includes(code))
    return new Trouble(
      `The data folder ${folder} cannot be written (${code}): give this user the right to, or set HEARTHLINE_DATA to another folder.`,
      `数据文件夹 ${folder} 不可写:请授予写权限,或用 HEARTHLINE_DATA 指定其他文件夹。`,
    )
  return error
}

function checkLayout(folder: string): void {
  const file = join(folder, 'version')
  let found = layout
  try {
    found = Number(readFileSync(file, 'utf8').trim())
  } catch {
    writeFileSync(file, `${layout}\n`)
  }
  if (found <= layout) return
  throw new Trouble(
    `The data folder ${folder} was written by a newer Hearthline (layout ${found}, this one knows ${layout}): install that version again.`,
    `数据文件夹由更新版本的暖线写入(格式 ${found},本版本支持 ${layout}):请安装新版本。`,
  )
}

/** Takes the data folder for this process; throws Trouble when another launcher has it. */
export async function lockDataFolder(folder: string): Promise<{ release: () => void }> {
  const lock = await takeFolder(folder)
  if (lock === null) throw alreadyRunning(folder)
  return lock
}

function alreadyRunning(folder: string): Trouble {
  return new Trouble(
    `Hearthline is already running on the data folder ${folder}: stop it first, or set HEARTHLINE_DATA to another folder.`,
    `暖线已在使用数据文件夹 ${folder}:请先停止它,或用 HEARTHLINE_DATA 指定其他文件夹。`,
  )
}
