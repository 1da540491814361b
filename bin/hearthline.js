#!/usr/bin/env node
// Plain JavaScript that old versions of Node can read, so that they can say in one sentence what is wrong.
import { spawn } from 'child_process'
import { existsSync } from 'fs'
import { dirname, join } from 'path'
import module from 'module'
import { fileURLToPath } from 'url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
// npm puts the pinned Node first, so the one that installed the packages is known only by what npm says of itself;
// one that is too old leaves packages out without a word.
const installer = /node\/v([\d.]+)/.exec(process.env.npm_config_user_agent || '')
const oldest = installer ? older(installer[1], process.versions.node) : process.versions.node
const runsSources = Number(process.versions.node.split('.')[0]) >= 24
const pinned = join(root, 'node_modules', 'node-linux-' + process.arch, 'bin', 'node')

if (older(oldest, '20.19.0') === oldest && oldest !== '20.19.0') {
  console.error(
    'Node ' +
      oldest +
      ' is too old: install Node 20.19 or later, then run "npm ci" again. Node 版本过低:请安装 20.19 或更高版本后重新运行 npm ci。',
  )
  process.exit(1)
}
if (runsSources) runHere()
else if (existsSync(pinned)) runWithPinned()
else {
  console.error('Node 24 is not in node_modules: run "npm ci" first. 缺少 Node 24:请先运行 npm ci。')
  process.exit(1)
}

function older(a, b) {
  const [x, y] = [a, b].map((text) => text.split('.').map(Number))
  return x[0] < y[0] || (x[0] === y[0] && x[1] < y[1]) ? a : b
}

function runHere() {
  const data = process.env.HEARTHLINE_DATA || join(root, 'data')
  if (existsSync(join(data, 'cache')) && module.enableCompileCache)
    module.enableCompileCache(join(data, 'cache', 'node'))
  import('../launcher/main.ts')
    .then((launcher) => launcher.main(process.argv.slice(2)))
    .then(
      (code) => process.exit(code),
      (error) => {
        console.error(error)
        process.exit(1)
      },
    )
}

function runWithPinned() {
  const args = [fileURLToPath(import.meta.url)].concat(process.argv.slice(2))
  const child = spawn(pinned, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  // The terminal sends Ctrl-C to both of us; whoever asks this process alone to end means the other.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code === null ? 1 : code))
}
