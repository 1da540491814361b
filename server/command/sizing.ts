/* `npx hearthline sizing`: seats and trunk channels for the busiest hour. */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { sizing, usualSizing, type Sizing, type SizingQuestion } from '../../domain/sizing.ts'
import { CommandRefused } from './users.ts'

const usage = `npx hearthline sizing --calls PER-HOUR [--talk SECONDS] [--wrap-up SECONDS] [--welcome SECONDS]
  [--level PERCENT] [--within SECONDS] [--absent PERCENT] [--blocked PERCENT] [--json]`

const word = { type: 'string' } as const
const options = {
  calls: word,
  talk: word,
  'wrap-up': word,
  welcome: word,
  level: word,
  within: word,
  absent: word,
  blocked: word,
  json: { type: 'boolean' },
} as const

const seconds = z.coerce.number().min(0).max(86_400)
const percent = z.coerce.number().min(0.01).max(99.99)
const wanted = z.object({
  calls: z.coerce.number().gt(0).max(10_000),
  talk: seconds.min(1).default(usualSizing.talk / 1000),
  'wrap-up': seconds.default(usualSizing.wrapUp / 1000),
  welcome: seconds.default(usualSizing.welcome / 1000),
  level: percent.default(usualSizing.serviceLevel * 100),
  within: seconds.default(usualSizing.within / 1000),
  absent: z.coerce
    .number()
    .min(0)
    .max(90)
    .default(usualSizing.absent * 100),
  blocked: percent.default(usualSizing.blocked * 100),
  json: z.boolean().default(false),
})

/** Prints what a load needs; what is not given is as in `usualSizing`. */
export function showSizing(args: string[]): void {
  const { question, json } = read(args)
  const found = sizing(question)
  console.log(json ? JSON.stringify(found) : inWords(found))
}

function read(args: string[]): { question: SizingQuestion; json: boolean } {
  const o = wanted.safeParse(valuesOf(args)).data
  if (!o) throw new CommandRefused(usage)
  const question = {
    callsAnHour: o.calls,
    welcome: o.welcome * 1000,
    talk: o.talk * 1000,
    wrapUp: o['wrap-up'] * 1000,
    serviceLevel: o.level / 100,
    within: o.within * 1000,
    absent: o.absent / 100,
    blocked: o.blocked / 100,
  }
  return { question, json: o.json }
}

function valuesOf(args: string[]): unknown {
  try {
    return parseArgs({ args, options }).values
  } catch {
    throw new CommandRefused(usage)
  }
}

const inWords = ({ load, seats, planned, meanWait, occupancy, channels }: Sizing): string =>
  [
    `Load 话务量: ${load.toFixed(1)} erlang`,
    `Seats at once 同时在岗坐席: ${seats}; people to plan 需排班人数: ${planned}`,
    `Mean wait 平均等待: ${Math.round(meanWait / 1000)} s; occupancy 占用率: ${Math.round(occupancy * 100)} %`,
    `Trunk channels 中继线路: ${channels}`,
  ].join('\n')
