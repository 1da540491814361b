/** The shape of the contract between server and web: one object an endpoint, shared by both sides. */
import { z } from 'zod'
import type { Permission } from '../domain/permission.ts'
import { problems, type ProblemCode } from '../domain/problem.ts'

/** Who may call an endpoint: the holder of a right, or anyone (public pages, log-in). Required: no owner, no route. */
export type Needs = Permission | 'anyone'

/** One endpoint of the API. Path parameters are written `:name`, as in `/api/v1/contacts/:contactId`. */
export interface Endpoint<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: `/api/v1/${string}`
  readonly needs: Needs
  /** Open only to who has shown passphrase and second factor within ten minutes; 403 `session.notFresh`. */
  readonly fresh: boolean
  /** Open already after the passphrase, before the second factor: what a log-in itself needs, and nothing else. */
  readonly begun: boolean
  /** One sentence for the API document. */
  readonly summary: string
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly reply: R
}

/** What a caller of the endpoint sends. */
export interface Input<E extends Endpoint> {
  params: z.input<E['params']>
  query: z.input<E['query']>
  body: z.input<E['body']>
}

/** What the endpoint answers, after parsing. */
export type Reply<E extends Endpoint> = z.output<E['reply']>

const nothing = z.strictObject({}).prefault({})

/** The schema of "no parameters", "no query" or "no body". */
export type Nothing = typeof nothing

/** Declares an endpoint; parts not given are empty. */
export const endpoint = <
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(given: {
  method: Endpoint['method']
  path: Endpoint['path']
  needs: Needs
  fresh?: boolean
  begun?: boolean
  summary: string
  params?: P
  query?: Q
  body?: B
  reply: R
}): Endpoint<P, Q, B, R> => ({
  method: given.method,
  path: given.path,
  needs: given.needs,
  fresh: given.fresh ?? false,
  begun: given.begun ?? false,
  summary: given.summary,
  params: (given.params ?? nothing) as P,
  query: (given.query ?? nothing) as Q,
  body: (given.body ?? nothing) as B,
  reply: given.reply,
})

/** The body of every refusal: the catalogued code and what may be shown of the cause. */
export const problemReply = z.object({
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
    .default({}),
})

/** An instant as ISO 8601 text in UTC. */
export const instant = z.iso.datetime()

/** An id: UUID, version 7 where made by us. */
export const id = z.uuid()

/** The empty answer of commands. */
export const done = z.object({ done: z.literal(true) })

/** A page of a list read by key: `next` goes into the following request's `after`; null at the end. */
export const page = <R extends z.ZodType>(row: R) =>
  z.object({ rows: z.array(row), next: z.string().nullable() })
