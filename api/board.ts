/** The wallboard and the coverage strip. Nothing here identifies a caller: it hangs on a wall. */
import { z } from 'zod'
import { superviseModes } from '../domain/call-state.ts'
import { pauseReasons } from '../domain/duty.ts'
import { colours, lightKinds } from '../domain/light.ts'
import { stages } from '../domain/stage.ts'
import { contactStates, risks } from './desk.ts'
import { endpoint, id, instant } from './endpoint.ts'

/** A formula of facts/standards.md §4.2: SL-A ... SL-E; SL-B is the headline. */
export const serviceLevelFormulas = ['SL-A', 'SL-B', 'SL-C', 'SL-D', 'SL-E'] as const

/** Troubles the board tells of while they last. */
export const noticeKinds = [
  'switchboard-lost',
  'switchboard-away',
  'switchboard-part-away',
  'disk-full',
  'disk-low',
  'recorder-away',
  'store-away',
  'trunk-down',
  'trunk-refusing',
  'trunk-poor',
  'outbound-limit',
  'database-away',
] as const

const level = z.number().min(0).max(1).nullable()
const person = z.string().nullable()

/** The whole wallboard; pushed as a `board` live event whenever it changed, at most twenty times a second. */
export const board = z.object({
  at: instant,
  waiting: z.array(
    z.object({
      contactId: id,
      number: z.number().int(),
      line: z.string(),
      since: instant,
      risk: z.enum(risks).nullable(),
      dangerKey: z.boolean(),
      position: z.number().int(),
      state: z.enum(contactStates),
      ringsAgain: z.boolean(),
    }),
  ),
  talking: z.array(
    z.object({
      contactId: id,
      number: z.number().int(),
      line: z.string(),
      seat: z.string(),
      counsellor: z.string(),
      since: instant,
      stage: z.enum(stages).nullable(),
      risk: z.enum(risks).nullable(),
      dangerKey: z.boolean(),
      onHold: z.boolean(),
      callerPresent: z.boolean(),
      /** Who else is on the line, and how. */
      others: z.array(
        z.object({
          name: z.string(),
          how: z.enum([...superviseModes, 'transfer', 'outside']),
          joined: z.boolean(),
        }),
      ),
      /** The step of its protocol that is longest overdue. */
      overdueStep: z.object({ protocol: z.string(), step: z.string(), dueAt: instant }).nullable(),
      /** How it is heard over the last ten seconds (G24-3.2.2b), on the worse leg, with the colour of its figures. */
      voice: z
        .object({
          opinion: z.number().nullable(),
          lossShare: z.number().nullable(),
          colour: z.enum(colours),
          /** Since when nothing is heard of the seat. */
          silentSince: instant.nullable(),
        })
        .nullable(),
    }),
  ),
  seats: z.array(
    z.object({
      seatId: id,
      name: z.string(),
      kind: z.enum(['browser', 'phone']),
      counsellor: z.string().nullable(),
      state: z.enum(['free', 'offered', 'busy', 'wrap-up', 'paused', 'off']),
      reason: z.enum(pauseReasons).nullable(),
      since: instant.nullable(),
      connected: z.boolean(),
    }),
  ),
  /** Lines in service now, with staffed seats and the least there should be. */
  lines: z.array(z.object({ name: z.string(), staffed: z.number().int(), least: z.number().int() })),
  /** Reports nobody acknowledged yet, oldest first. */
  reports: z.array(
    z.object({
      reportId: id,
      contactId: id,
      number: z.number().int(),
      kind: z.enum(['administration', 'consult']),
      reason: z.enum(['high-risk', 'danger-to-others', 'protocol', 'counsellor-asked']),
      openedAt: instant,
      stage: z.number().int(),
      line: z.string(),
      counsellor: person,
    }),
  ),
  /** Contacts in danger that are not closed, with what they owe (`report`, `consult`, `protocol:<id>`) and whose they are. */
  highRisk: z.array(
    z.object({
      contactId: id,
      number: z.number().int(),
      state: z.enum(contactStates),
      risk: z.enum(risks).nullable(),
      owed: z.array(z.string()),
      since: instant,
      line: z.string(),
      counsellor: person,
    }),
  ),
  /** High-risk calls that broke off and whose callers were not called back yet. */
  dropped: z.array(
    z.object({
      taskId: id,
      contactId: id,
      number: z.number().int(),
      line: z.string(),
      since: instant,
      dueAt: instant,
      owner: person,
      callable: z.boolean(),
    }),
  ),
  /** What is owed to callers: open, overdue, and since when the longest overdue one is. */
  owed: z.object({
    callBacks: z.number().int(),
    callBacksOverdue: z.number().int(),
    callBacksSince: instant.nullable(),
    followUps: z.number().int(),
    followUpsOverdue: z.number().int(),
    followUpsSince: instant.nullable(),
  }),
  /** The service level of the last 30 minutes by the same formula as today's. */
  lately: z.object({ serviceLevel: level, offered: z.number().int(), spanMs: z.number().int() }),
  /** Every light with the figure it looks at and its rule; null is nothing to judge. */
  lights: z.array(
    z.object({
      kind: z.enum(lightKinds),
      colour: z.enum(colours),
      value: z.number().nullable(),
      unit: z.enum(['ms', 'count', 'share', 'opinion']),
      worse: z.enum(['higher', 'lower']),
      amber: z.number(),
      red: z.number(),
    }),
  ),
  today: z.object({
    offered: z.number().int(),
    answered: z.number().int(),
    abandoned: z.number().int(),
    leftInMenu: z.number().int(),
    callBacksOpen: z.number().int(),
    serviceLevel: level,
    formula: z.enum(serviceLevelFormulas),
    thresholdMs: z.number().int(),
    longestWaitMs: z.number().int().nullable(),
    meanWaitMs: z.number().int().nullable(),
  }),
  notices: z.array(
    z.object({
      kind: z.enum(noticeKinds),
      since: instant,
      count: z.number().int().nullable(),
      /** Which trunk it is, for what befalls a single one. */
      trunk: z.string().nullable(),
    }),
  ),
})

/** The wallboard. */
export type Board = z.infer<typeof board>

/** The wallboard as it is now. */
export const readBoard = endpoint({
  method: 'GET',
  path: '/api/v1/board',
  needs: 'board.see',
  summary: 'The wallboard',
  reply: board,
})

/** Staffed seats of each line, minute by minute of a day in the hotline's zone (G24-3.2.1b): 1,440 counts, null in the future. */
export const readCoverage = endpoint({
  method: 'GET',
  path: '/api/v1/coverage',
  needs: 'coverage.see',
  summary: 'Seats staffed, minute by minute',
  query: z.strictObject({ day: z.iso.date().optional() }),
  reply: z.object({
    day: z.string(),
    timeZone: z.string(),
    lines: z.array(
      z.object({
        lineId: id,
        name: z.string(),
        least: z.number().int(),
        minutes: z.array(z.number().int().nullable()),
        minutesBelow: z.number().int(),
      }),
    ),
  }),
})
