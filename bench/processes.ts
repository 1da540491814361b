/** Processes under measurement: where they run, and what the kernel says they used (proc(5)). */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus } from 'node:os'

/** A free TCP port on 127.0.0.1. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

/** CPU time of a process so far, user and system, all threads, in milliseconds (clock ticks of 10 ms). */
export const cpuMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Memory of a process that is in RAM now, in kB. */
export const residentKb = (pid: number): number => {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1] ?? Number.NaN)
}

/** What each descriptor of a process stands for; one that was closed meanwhile is left out. */
const opened = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return []
    }
  })

/** How many files and sockets a process has open, and how many of them are UDP sockets. */
export const descriptors = (pid: number): { all: number; udp: number } => {
  const links = opened(pid)
  const rows = ['udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1),
  )
  const sockets = new Set(rows.map((row) => `socket:[${row.trim().split(/\s+/)[9]}]`))
  return { all: links.length, udp: links.filter((link) => sockets.has(link)).length }
}

/** How long each thread of a process has been ready to run without a core so far, in milliseconds. */
export const waitedMs = (pid: number): Map<string, number> =>
  new Map(
    readdirSync(`/proc/${pid}/task`).flatMap((thread): [string, number][] => {
      try {
        const stat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
        return [[thread, Number(stat.split(' ')[1]) / 1e6]]
      } catch {
        return []
      }
    }),
  )

/** Keeps all threads of a process, and what it starts from now on, on one core; false where that cannot be had. */
export const pin = (pid: number, core: number): boolean =>
  cpus().length > core && spawnSync('taskset', ['-acp', String(core), String(pid)]).status === 0
