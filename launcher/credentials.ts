import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Trouble } from './trouble.ts'

const shape = z.object({ port: z.int(), admin: z.string(), owner: z.string(), product: z.string() })

/** The passwords of the embedded database's three roles and the port it used last (0: none yet). */
export type Credentials = z.infer<typeof shape>

const fileIn = (folder: string): string => join(folder, 'keys', 'database.json')

/** Reads them from data/keys, or makes them for a database that does not exist yet. */
export function readCredentials(folder: string, databaseExists: boolean): Credentials {
  const file = fileIn(folder)
  if (existsSync(file)) return shape.parse(JSON.parse(readFileSync(file, 'utf8')))
  if (databaseExists)
    throw new Trouble(
      `The passwords of the embedded database are missing: put back ${file} from your backup.`,
      `缺少内置数据库的密码文件:请从备份中恢复 ${file}。`,
    )
  const secret = (): string => randomBytes(24).toString('base64url')
  const made = { port: 0, admin: secret(), owner: secret(), product: secret() }
  writeCredentials(folder, made)
  return made
}

/** Replaces the file as a whole; only its owner may read it. */
export function writeCredentials(folder: string, credentials: Credentials): void {
  const file = fileIn(folder)
  writeFileSync(`${file}.new`, JSON.stringify(credentials), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
