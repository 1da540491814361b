/* The machine: Node, processors, clock, disk, fonts. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmdirSync, statfsSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import type { Settings } from '../settings.ts'
import { about, type Finding } from './finding.ts'

const gigabyte = 1024 ** 3

export function lookAtNode(): Finding {
  const { ok, fail } = about('node')
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return ok(`Node ${process.versions.node}.`, `Node ${process.versions.node}。`)
  return fail('Node 24 is not used: run "npm ci", then "npx hearthline".', '未使用 Node 24:请运行 npm ci。')
}

export function lookAtProcessor(): Finding {
  const { ok, warn } = about('cpu')
  const [count, memory] = [cpus().length, totalmem() / gigabyte]
  const text = `${count} processors, ${memory.toFixed(1)} GB of memory`
  if (count >= 2 && memory >= 1.8) return ok(`${text}.`, `${count} 个处理器,内存 ${memory.toFixed(1)} GB。`)
  return warn(
    `${text}: two and 2 GB are the least for a hotline.`,
    '处理器或内存不足:热线至少需要 2 核 2 GB。',
  )
}

/** The folder itself, or the nearest one above it that is there. */
function present(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : present(dirname(folder))
}

export function lookAtDataFolder({ data }: Settings): Finding {
  const { ok, fail } = about('data')
  try {
    rmdirSync(mkdtempSync(join(present(data), '.writable-')))
    return ok(`${data} can be written.`, `${data} 可写。`)
  } catch {
    return fail(
      `${data} cannot be written: give this user the right to, or set HEARTHLINE_DATA.`,
      `${data} 不可写:请授予写权限或设置 HEARTHLINE_DATA。`,
    )
  }
}

export function lookAtDisk({ data }: Settings): Finding {
  const { ok, warn, fail } = about('disk')
  const { bavail, bsize } = statfsSync(present(data))
  const free = (bavail * bsize) / gigabyte
  const text = `${free.toFixed(1)} GB are free for data`
  if (free < 0.5)
    return fail(`${text}: make room now, or recordings stop.`, '磁盘几乎已满:请立即清理,否则录音将停止。')
  if (free < 10)
    return warn(
      `${text}: an hour of recorded talk needs 0.1 GB.`,
      `可用空间仅 ${free.toFixed(1)} GB,请尽快扩容。`,
    )
  return ok(`${text}.`, `可用空间 ${free.toFixed(1)} GB。`)
}

/** Whether the clock follows a time server, as far as the system tells. */
export function lookAtClock(): Finding {
  const { ok, warn } = about('clock')
  const now = new Date().toISOString()
  const systemd = spawnSync('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], { encoding: 'utf8' })
  const chrony = spawnSync('chronyc', ['-n', 'tracking'], { encoding: 'utf8' })
  if (systemd.stdout?.trim() === 'yes' || /Leap status\s*:\s*Normal/.test(chrony.stdout ?? ''))
    return ok(`It is ${now}, kept right by a time server.`, `当前时间 ${now},已与时间服务器同步。`)
  if (systemd.stdout?.trim() === 'no')
    return warn(
      `It is ${now}, and no time server keeps it right: run "timedatectl set-ntp true".`,
      '时钟未与时间服务器同步:请运行 timedatectl set-ntp true。',
    )
  return warn(
    `It is ${now}; whether a time server keeps it right cannot be told here: compare it with another clock.`,
    `当前时间 ${now};无法判断是否已同步,请与其他时钟核对。`,
  )
}

export function lookAtFonts(): Finding {
  const { ok, warn } = about('fonts')
  const found = spawnSync('fc-list', [':lang=zh', 'family'], { encoding: 'utf8' })
  if (found.status === 0 && found.stdout.trim() !== '')
    return ok('Chinese fonts are installed.', '已安装中文字体。')
  return warn(
    'No Chinese font is known here; browsers on this machine and printed files lack characters: install fonts-noto-cjk.',
    '本机未找到中文字体,本机浏览器和打印文件可能缺字:请安装 fonts-noto-cjk。',
  )
}
