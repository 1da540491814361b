/* `npm run types:db`: writes server/db/schema.ts from a freshly migrated database. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { startCluster, templateName } from './cluster.ts'

const root = join(import.meta.dirname, '..')

/** Generates the types of the database's tables into `file`. */
export function writeSchema(databaseUrl: string, file: string): void {
  const cli = join(root, 'node_modules', 'kysely-codegen', 'dist', 'cli', 'bin.js')
  const mapping = JSON.stringify({ int8: 'number', _uuid: 'string[]' })
  const words = ['--dialect', 'postgres', '--url', databaseUrl, '--out-file', file, '--type-mapping', mapping]
  const made = spawnSync(process.execPath, [cli, ...words], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`kysely-codegen failed: ${made.stderr}${made.stdout}`)
}

if (import.meta.main) {
  const cluster = await startCluster()
  try {
    writeSchema(`${cluster.url}/${templateName}`, join(root, 'server', 'db', 'schema.ts'))
  } finally {
    await cluster.stop()
  }
}
