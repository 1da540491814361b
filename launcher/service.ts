import { fork, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Trouble } from './trouble.ts'

/** One life of a process that serves. */
export type Running = {
  pid: number
  /** Settles with how it ended, whatever the reason. */
  exited: Promise<string>
  stop: () => Promise<void>
  /** Ends it at once. */
  kill: () => void
}

/** Starts one life and settles when it serves; must give up soon after the signal says so. */
export type Start = (signal: AbortSignal) => Promise<Running>

export type Service = {
  name: string
  /** Settles when the first life serves; rejects when it could not start at all. */
  ready: Promise<void>
  /** Ends this life so that another begins, with the environment of that moment. */
  renew: () => void
  stop: () => Promise<void>
  kill: () => void
}

export type Pace = { first: number; longest: number; calm: number }
const usualPace: Pace = { first: 200, longest: 10_000, calm: 60_000 }

/** Keeps something running until it is stopped: what dies is started again, ever more slowly while it keeps dying. */
export function keepRunning(
  name: string,
  start: Start,
  report: (text: string) => void,
  pace = usualPace,
): Service {
  const ending = new AbortController()
  let current: Running | null = null
  const first = Promise.withResolvers<void>()
  first.promise.catch(() => undefined)

  const live = async (): Promise<string> => {
    current = await start(ending.signal)
    first.resolve()
    if (ending.signal.aborted) await current.stop()
    const how = await current.exited
    current = null
    return how
  }
  const loop = async (): Promise<void> => {
    let wait = pace.first
    let served = false
    while (!ending.signal.aborted) {
      const born = Date.now()
      try {
        const how = await live()
        served = true
        if (!ending.signal.aborted) report(`${name} ended (${how}); it is started again`)
      } catch (error) {
        first.reject(error)
        if (!served) return
        report(`${name} did not start again: ${error instanceof Error ? error.message : String(error)}`)
      }
      if (Date.now() - born > pace.calm) wait = pace.first
      await sleep(wait, undefined, { signal: ending.signal }).catch(() => undefined)
      wait = Math.min(wait * 2, pace.longest)
    }
  }
  const done = loop().finally(() => first.reject(new Error(`${name} was stopped`)))
  return {
    name,
    ready: first.promise,
    renew: () => void current?.stop(),
    stop: async () => {
      ending.abort()
      await current?.stop()
      await done
    },
    kill: () => {
      ending.abort()
      current?.kill()
    },
  }
}

const fromChild = z.union([
  z.object({ type: z.literal('failed'), message: z.string() }),
  z.object({ type: z.literal('ready') }).loose(),
])

export type NodeProgram = {
  script: string
  args?: string[]
  env: NodeJS.ProcessEnv
  /** Every line it writes; `isError` for those on its error output. */
  log: (line: string, isError: boolean) => void
  /** Is given the message by which it said that it serves. */
  onReady?: (message: unknown) => void
  /** Lower is more urgent; without the right to raise it, it stays as it is. */
  priority?: number
  /** How long it may take to end before it is killed. */
  stopWithin?: number
}

/**
 * A start of one of our own processes: forked with a channel, in a session of its own so that Ctrl-C reaches the launcher
 * alone. It serves when it sends `{type: 'ready'}`; `{type: 'failed', message}` is a sentence for the operator.
 */
export function nodeProgram(program: NodeProgram): Start {
  return (signal) =>
    new Promise((resolve, reject) => {
      const child = fork(program.script, program.args ?? [], {
        env: program.env,
        execArgv: [],
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
      if (program.priority !== undefined) hurry(child, program.priority)
      const exited = endOf(child)
      const running = { pid: child.pid ?? 0, exited, ...endings(child, exited, program.stopWithin ?? 10_000) }
      let sentence: string | null = null
      const lastErrors = listen(child, program.log)
      child.on('message', (raw) => {
        const message = fromChild.safeParse(raw).data
        if (message?.type === 'failed') sentence = message.message
        if (message?.type !== 'ready') return
        program.onReady?.(raw)
        resolve(running)
      })
      signal.addEventListener('abort', () => void running.stop(), { once: true })
      void exited.then((how) => reject(failure(how, sentence, lastErrors)))
    })
}

function failure(how: string, sentence: string | null, lastErrors: string[]): Error {
  if (sentence !== null) return new Trouble(sentence, '')
  return new Error(`${how}${lastErrors.length > 0 ? `: ${lastErrors.join('\n')}` : ''}`)
}

function hurry(child: ChildProcess, priority: number): void {
  try {
    if (child.pid) setPriority(child.pid, priority)
  } catch {
    // An ordinary user may not; the sound is then as urgent as everything else.
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal === null ? `code ${code ?? 0}` : signal))
  })
}

function endings(
  child: ChildProcess,
  exited: Promise<string>,
  within: number,
): Pick<Running, 'stop' | 'kill'> {
  return {
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), within)
      await exited
      clearTimeout(timer)
    },
  }
}

function listen(child: ChildProcess, log: NodeProgram['log']): string[] {
  const lastErrors: string[] = []
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => log(line, false))
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      lastErrors.push(line)
      if (lastErrors.length > 12) lastErrors.shift()
      log(line, true)
    })
  return lastErrors
}
