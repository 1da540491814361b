import { ConfigRefused } from './config.ts'
import { MigrationRefused } from './db/migrate.ts'
import { KeysRefused } from './records/keys.ts'

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'The web port HEARTHLINE_PORT is taken by another program: choose another one. 网页端口已被占用,请更换 HEARTHLINE_PORT。',
  EADDRNOTAVAIL: 'HEARTHLINE_HOST is no address of this machine. HEARTHLINE_HOST 不是本机地址。',
  ECONNREFUSED: 'The database cannot be reached: check DATABASE_URL. 无法连接数据库,请检查 DATABASE_URL。',
  ...Object.fromEntries(
    ['EACCES', 'EROFS', 'ENOTDIR', 'EPERM'].map((code) => [
      code,
      'The data folder HEARTHLINE_DATA cannot be written by this user. 数据目录 HEARTHLINE_DATA 不可写。',
    ]),
  ),
}

/** One sentence for the reasons an operator can remove; null for what nobody foresaw. */
export function sentenceOf(error: unknown): string | null {
  if (error instanceof ConfigRefused || error instanceof MigrationRefused || error instanceof KeysRefused)
    return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return sentences[code] ?? null
}
