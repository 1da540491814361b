import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeFolder } from './exclusive.ts'
import { projectRoot } from './settings.ts'
import { Trouble } from './trouble.ts'

const sources = ['web', 'api', 'domain', 'package-lock.json']

const page = join(projectRoot, 'dist', 'web', 'index.html')

function isFresh(): boolean {
  const builtAt = statSync(page, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return builtAt > newest(sources.map((name) => join(projectRoot, name)))
}

/** Builds the web app when dist/web is missing or older than its sources; each line of the build goes to `log`. */
export async function buildWeb(log: (line: string) => void): Promise<'built' | 'fresh' | 'stale'> {
  if (isFresh()) return 'fresh'
  const web = join(projectRoot, 'web')
  // Two that build at once would each empty the folder the other is filling.
  let lock = await takeFolder(web)
  for (; lock === null; lock = await takeFolder(web)) await sleep(200)
  try {
    if (isFresh()) return 'fresh'
    if ((await runVite(log)) === 0) return 'built'
  } finally {
    lock.release()
  }
  if (existsSync(page)) return 'stale'
  throw new Trouble(
    'The web app could not be built: run "npm run build" as the user who owns this folder to see why.',
    '网页应用构建失败:请以该文件夹所有者的身份运行 npm run build 查看原因。',
  )
}

function newest(paths: string[]): number {
  let latest = 0
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found) continue
    if (!found.isDirectory()) latest = Math.max(latest, found.mtimeMs)
    else latest = Math.max(latest, newest(readdirSync(path).map((name) => join(path, name))))
  }
  return latest
}

function runVite(log: (line: string) => void): Promise<number> {
  const vite = join(projectRoot, 'node_modules', 'vite', 'bin', 'vite.js')
  return new Promise((resolve) => {
    const args = [vite, 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn']
    const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => log(chunk.toString().trimEnd()))
    child.once('error', () => resolve(1))
    child.once('close', (code) => resolve(code ?? 1))
  })
}
