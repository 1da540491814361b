/** What is inside a running product, read from outside of it: what its switchboard has open and what its database says. */
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import type { Product } from '../product.ts'

/** What is open in the switchboard, by its ARI. */
export interface Open {
  channels: number
  bridges: number
  parked: number
  sip: Record<string, number>
  media: Record<string, number>
}

/** The product's inside. */
export interface Innards {
  /** The switchboard's answer to a GET of ARI. */
  ari: <T>(path: string) => Promise<T>
  open: () => Promise<Open>
  /** Asks the database as its owner, past row-level security. */
  rows: <R extends pg.QueryResultRow>(text: string) => Promise<R[]>
  close: () => Promise<void>
}

interface Process {
  pid: number
  parent: number
  command: string
}

const processes = (): Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
      } catch {
        return []
      }
    })

const descendantsOf = (product: Product): Process[] => {
  const all = processes()
  const under = (pid: number): Process[] =>
    all.filter((each) => each.parent === pid).flatMap((each) => [each, ...under(each.pid)])
  return under(product.launcher.pid ?? 0)
}

/** The pids of all that the launcher started, itself included. */
export const processesOf = (product: Product): number[] => [
  product.launcher.pid ?? 0,
  ...descendantsOf(product).map((each) => each.pid),
]

/** The pid of the product's process that runs the script; the launcher's descendants only. */
export const processOf = (product: Product, script: string): number => {
  const found = descendantsOf(product).find((each) => each.command.includes(script))
  if (!found) throw new Error(`the product runs no ${script}`)
  return found.pid
}

const environmentOf = (pid: number): Map<string, string> =>
  new Map(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((entry) => {
        const at = entry.indexOf('=')
        return [entry.slice(0, at), entry.slice(at + 1)] as const
      }),
  )

/** By which address the product's server comes to its database. */
export const databaseOf = (product: Product): string =>
  environmentOf(processOf(product, 'server/main.ts')).get('DATABASE_URL') ?? ''

/** Opens a product's inside. */
export const innardsOf = async (product: Product): Promise<Innards> => {
  const board = environmentOf(processOf(product, 'switchboard/main.ts'))
  const server = environmentOf(processOf(product, 'server/main.ts'))
  const database = new pg.Client({ connectionString: server.get('HEARTHLINE_OWNER_DATABASE_URL') })
  await database.connect()
  const key = btoa(`${board.get('HEARTHLINE_ARI_USER')}:${board.get('HEARTHLINE_ARI_PASSWORD')}`)
  const ari = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${board.get('HEARTHLINE_ARI_PORT')}/ari/${path}`, {
      headers: { authorization: `Basic ${key}` },
    })
    if (!answer.ok) throw new Error(`ARI answered ${answer.status} to ${path}`)
    return (await answer.json()) as T
  }
  return {
    ari,
    open: async () =>
      JSON.parse((await ari<{ value: string }>('asterisk/variable?variable=COUNTS')).value) as Open,
    rows: async (text) => (await database.query(text)).rows,
    close: () => database.end(),
  }
}
