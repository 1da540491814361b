/* The master key in a key management system: an operator's program wraps and unwraps, and never gives the key away. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkOf,
  fileDoor,
  finishChange,
  isInFile,
  isSame,
  KeysRefused,
  openMaster,
  sealedName,
  writeSecret,
  type Master,
  type MasterDoor,
} from './master.ts'

const answersWithinMs = 10_000
const longestAnswer = 64 * 1024
const rootAbout = 'root'

const sealedFile = (dataFolder: string): string => join(dataFolder, 'keys', sealedName)
const nextFile = (dataFolder: string): string => `${sealedFile(dataFolder)}.next`

/**
 * The master key of a data folder, from its file, or by the operator's program `kms` (an absolute path). `remembered` is as for
 * openMaster(). Throws KeysRefused when the program is away or answers wrong, or when the key is in the other place.
 */
export async function openMasterOf(
  dataFolder: string,
  remembered: Buffer | null,
  kms: string | null,
): Promise<Master> {
  finishChange(dataFolder, remembered)
  finishKmsChange(dataFolder, remembered)
  if (kms === null) {
    if (existsSync(sealedFile(dataFolder)) && !isInFile(dataFolder))
      throw new KeysRefused(
        'The master key of this data folder is in a key management system: set HEARTHLINE_KMS_COMMAND as it was. 主密钥由密钥管理系统保管,请设置 HEARTHLINE_KMS_COMMAND。',
      )
    const root = openMaster(dataFolder, remembered)
    return { root, door: fileDoor(root) }
  }
  if (isInFile(dataFolder))
    throw new KeysRefused(
      'HEARTHLINE_KMS_COMMAND is set, but the master key is in a file still: stop Hearthline, run "npx hearthline keys rewrap", and start again. 主密钥仍在文件中,请先停止服务并运行 keys rewrap。',
    )
  return openByKms(dataFolder, remembered, kms)
}

async function openByKms(dataFolder: string, remembered: Buffer | null, kms: string): Promise<Master> {
  const file = sealedFile(dataFolder)
  const door = kmsDoor(kms)
  if (!existsSync(file)) {
    if (remembered)
      throw new KeysRefused(
        `The file ${file} is missing, but the database holds data sealed with it: put it back from your backup. 缺少由密钥管理系统加密的主密钥文件,请从备份中恢复。`,
      )
    mkdirSync(join(dataFolder, 'keys'), { recursive: true, mode: 0o700 })
    await writeRoot(door, file, randomBytes(32))
  }
  const root = await door.unwrap(read(file).wrapped, rootAbout)
  if (remembered && !isSame(remembered, checkOf(root)))
    throw new KeysRefused(
      `The file ${file} is not the one this database was sealed with: put the right one back. 主密钥与数据库不匹配,请恢复正确的文件。`,
    )
  return { root, door }
}

/** Makes the next master key, wrapped by the program; it counts from the moment the database remembers it. */
export async function makeNextKmsMaster(dataFolder: string, kms: string): Promise<Master> {
  const [root, door] = [randomBytes(32), kmsDoor(kms)]
  await writeRoot(door, nextFile(dataFolder), root)
  return { root, door }
}

/** Puts the next wrapped master key in its place when the database remembers it; one that lay open in a file is removed. */
export function finishKmsChange(dataFolder: string, remembered: Buffer | null): void {
  const fits = (file: string): boolean =>
    remembered !== null && existsSync(file) && isSame(remembered, read(file).check)
  const [file, next] = [sealedFile(dataFolder), nextFile(dataFolder)]
  if (fits(next)) renameSync(next, file)
  if (fits(file)) rmSync(join(dataFolder, 'keys', 'master.key'), { force: true })
}

/** Two lines: the wrapped root, and what a database remembers of it. */
async function writeRoot(door: MasterDoor, file: string, root: Buffer): Promise<void> {
  const wrapped = await door.wrap(root, rootAbout)
  writeSecret(file, `${wrapped.toString('base64')}\n${checkOf(root).toString('base64')}\n`)
}

function read(file: string): { wrapped: Buffer; check: Buffer } {
  const [wrapped = '', check = ''] = readFileSync(file, 'utf8').split('\n')
  return { wrapped: Buffer.from(wrapped, 'base64'), check: Buffer.from(check, 'base64') }
}

/**
 * The door of an operator's program: `PROGRAM wrap` and `PROGRAM unwrap`, base64 on standard input and output, code 0. What it
 * unwrapped is remembered, so that a system that goes away later stops nothing. Rejects with KeysRefused.
 */
function kmsDoor(program: string): MasterDoor {
  const known = new Map<string, Buffer>()
  // The program knows of no names: the secret goes with the hash of its own, and without it is not taken back.
  const nameOf = (about: string): Buffer => createHash('sha256').update(about).digest()
  const unwrapFresh = async (wrapped: Buffer, about: string): Promise<Buffer> => {
    const named = await ask(program, 'unwrap', wrapped)
    if (!isSame(named.subarray(0, 32), nameOf(about))) throw wrongAnswer(program)
    return named.subarray(32)
  }
  return {
    async wrap(secret, about) {
      const wrapped = await ask(program, 'wrap', Buffer.concat([nameOf(about), secret]))
      // What cannot be opened again must not be sealed with.
      if (wrapped.includes(secret) || !isSame(await unwrapFresh(wrapped, about), secret))
        throw wrongAnswer(program)
      return wrapped
    },
    async unwrap(wrapped, about) {
      const name = `${about} ${wrapped.toString('base64')}`
      const secret = known.get(name) ?? (await unwrapFresh(wrapped, about))
      known.set(name, secret)
      return secret
    },
  }
}

const wrongAnswer = (program: string): KeysRefused =>
  new KeysRefused(
    `${program} (HEARTHLINE_KMS_COMMAND) answered, but not with what was wrapped: is it asking for the right key? 密钥管理程序的返回不正确,请检查所用密钥。`,
  )

const away = (program: string, why: string): KeysRefused =>
  new KeysRefused(
    `${program} (HEARTHLINE_KMS_COMMAND) ${why}: is the key management system there? 密钥管理程序不可用。`,
  )

/** One question. What the program says on standard error is the operator's and is passed on to nobody. */
function ask(program: string, verb: 'wrap' | 'unwrap', bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { stdio: ['pipe', 'pipe', 'ignore'] })
    let said = ''
    const impatient = setTimeout(() => {
      child.kill('SIGKILL')
      reject(away(program, `did not answer within ${answersWithinMs / 1000} s`))
    }, answersWithinMs)
    child.once('error', () => {
      clearTimeout(impatient)
      reject(away(program, 'cannot be run'))
    })
    child.stdout.on('data', (piece: Buffer) => {
      said += piece.toString('latin1')
      if (said.length > longestAnswer) child.kill('SIGKILL')
    })
    child.once('close', (code) => {
      clearTimeout(impatient)
      if (code !== 0) return reject(away(program, `ended with ${code ?? 'a signal'}`))
      const answer = said.trim()
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(answer)) return reject(wrongAnswer(program))
      resolve(Buffer.from(answer, 'base64'))
    })
    // A program that ends without reading says so by its code.
    child.stdin.on('error', () => undefined)
    child.stdin.end(bytes.toString('base64'))
  })
}
