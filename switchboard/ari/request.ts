import { AriFault } from './fault.ts'

/** Parameters of one ARI request, from wherever they came (query, form or JSON body). */
export interface AriRequest {
  method: string
  /** Decoded path below `/ari/`, e.g. `['channels', 'c1', 'answer']`. */
  path: string[]
  params: Params
  /** The application whose socket it came by; null when it came by HTTP. */
  app: string | null
}

/** What an operation answers; no body means 204, bytes are a WAV file. */
export interface AriResponse {
  status: number
  body?: unknown
}

/** 200 with a body. */
export const ok = (body: unknown): AriResponse => ({ status: 200, body })
/** 204. */
export const done: AriResponse = { status: 204 }

const longest = 64 * 1024

/** Named parameters with the reading rules of ARI: repeated or comma-separated lists, `true`/`false`, integers. */
export class Params {
  private readonly values = new Map<string, string[]>()
  private readonly objects = new Map<string, unknown>()

  /** Adds a plain value; of plain values with the same name the earlier source wins, repeats within one source add up. */
  addAll(pairs: Iterable<readonly [string, string]>): void {
    const fresh = new Map<string, string[]>()
    for (const [name, value] of pairs) {
      const list = fresh.get(name)
      if (list) list.push(value)
      else fresh.set(name, [value])
    }
    for (const [name, list] of fresh) if (!this.values.has(name)) this.values.set(name, list)
  }

  /** Adds the members of a JSON body; these replace what the query said. */
  addBody(body: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(body)) {
      if (Array.isArray(value) && value.every((one) => typeof one === 'string')) this.values.set(name, value)
      else if (typeof value === 'object' && value !== null) this.objects.set(name, value)
      else if (typeof value === 'string') this.values.set(name, [value])
      else if (typeof value === 'number' || typeof value === 'boolean') this.values.set(name, [String(value)])
    }
  }

  /** A text or undefined. */
  text(name: string): string | undefined {
    return this.values.get(name)?.[0]
  }

  /** A text that must be there; 400 otherwise. */
  need(name: string): string {
    const value = this.text(name)
    if (value === undefined || value === '') throw new AriFault(400, `${name} is required`)
    return value
  }

  /** A list, given by commas or by repeating the parameter. */
  list(name: string): string[] {
    return (this.values.get(name) ?? []).flatMap((one) => one.split(',')).filter((one) => one !== '')
  }

  /** A whole number or the given default; 400 when it is not one. */
  number(name: string, fallback: number): number {
    const value = this.text(name)
    if (value === undefined || value === '') return fallback
    const number = Number(value)
    if (!Number.isInteger(number)) throw new AriFault(400, `${name} must be a whole number`)
    return number
  }

  /** True for `true`, `yes`, `1`. */
  flag(name: string): boolean {
    return ['true', 'yes', '1'].includes((this.text(name) ?? '').toLowerCase())
  }

  /** An object given in a JSON body, else undefined. */
  object(name: string): unknown {
    return this.objects.get(name)
  }
}

/** Splits a request's address into path and parameters; 400 for one that cannot be decoded. */
export function parseTarget(method: string, target: string): AriRequest {
  const [rawPath = '', ...rest] = target.split('?')
  const params = new Params()
  if (rest.length > 0) params.addAll(new URLSearchParams(rest.join('?')))
  try {
    const path = rawPath
      .split('/')
      .filter((part) => part !== '')
      .map((part) => (part.includes('%') ? decodeURIComponent(part) : part))
    return { method: method.toUpperCase(), path, params, app: null }
  } catch {
    throw new AriFault(400, 'The address is not valid')
  }
}

/** Adds a body, form or JSON, to a request's parameters; 400 when it is neither, 413 when it is too long. */
export function addBody(request: AriRequest, body: string, contentType: string): void {
  if (body === '') return
  if (body.length > longest) throw new AriFault(413, 'Request body too large')
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    request.params.addAll(new URLSearchParams(body))
    return
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    throw new AriFault(400, 'Request body is not valid JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new AriFault(400, 'Request body must be a JSON object')
  request.params.addBody({ ...parsed })
}
