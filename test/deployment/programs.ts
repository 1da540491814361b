/** Programs of the operating system in the trial: started as the files of deploy/cluster say, ended by their process ids. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** A program that runs. */
export interface Program {
  pid: number
  /** The end of what it said, for who looks for a fault. */
  said: () => string
  /** Kills it and all that it started, as a machine dies. */
  kill: () => Promise<void>
  /** Lets it end in its own way, and kills what is left after a while. */
  stop: () => Promise<void>
}

const patience = 6000
const keptWords = 4000

/**
 * Starts one, as the user id given or as ourselves, that ends when we are killed; throws what it said when it ends within a
 * second.
 */
export async function startProgram(
  command: string,
  args: string[],
  { user, ...given }: { cwd?: string; env?: NodeJS.ProcessEnv; user?: number } = {},
): Promise<Program> {
  const identity = user === undefined ? [] : ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups']
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...identity, command, ...args], {
    ...given,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-keptWords)))
  await Promise.race([once(child, 'exit'), pause(1000)])
  if (isOver(child)) throw new Error(`${command} did not start:\n${said}`)
  const kill = async (): Promise<void> => {
    for (const pid of familyOf(child.pid ?? 0)) endSurely(pid)
    if (!isOver(child)) await once(child, 'exit')
  }
  return {
    pid: child.pid ?? 0,
    said: () => said,
    kill,
    stop: async () => {
      const family = familyOf(child.pid ?? 0)
      if (!isOver(child)) {
        child.kill('SIGTERM')
        await Promise.race([once(child, 'exit'), pause(patience)])
      }
      family.forEach(endSurely)
    },
  }
}

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Kills one process, if it is there. */
export function endSurely(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** A process and all below it. */
export function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = parentOf(name)
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const under = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(under)]
  return under(pid)
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return null
  }
}

/** Waits until something holds; the error says what was waited for. */
export async function until<T>(
  what: string,
  seen: () => T | false | Promise<T | false>,
  withinMs = 20_000,
): Promise<T> {
  for (const end = Date.now() + withinMs; ; await pause(50)) {
    const value = await seen()
    if (value !== false) return value
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms in vain: ${what}`)
  }
}
