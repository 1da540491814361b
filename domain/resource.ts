/** A directory entry: who helps whom, where, when, and how to get there (G24-1.2, 4.4.4). Pure. */
import { z } from 'zod'
import { hoursShape, type Hours } from './hours.ts'
import { isNeed, needs } from './need.ts'
import { groups, levels } from './population.ts'
import { placeWords, regionPattern } from './region.ts'
import { lexemesOf, searchLexemes } from './search.ts'

/** How long an entry is believed after it was verified, unless whoever verified it says otherwise. */
const believedDays = 180
/** So many days before its date an entry is shown as soon to be verified. */
const remindDays = 14

/** A day, YYYY-MM-DD. */
const day = z.iso.date()

const populationCodes = new Set([...levels, ...groups].map((each) => each.code))

/** Whether a code is a level or group of domain/population.ts. */
export const isPopulation = (code: string): boolean => populationCodes.has(code)

/** What is kept of a resource; `verifyBy` is the day by which somebody rings there again to ask whether all still holds. */
export const resourceFields = z.strictObject({
  organisation: z.string().trim().min(1).max(120),
  service: z.string().trim().max(120).default(''),
  region: z.string().regex(regionPattern),
  needs: z.array(z.string().max(40).refine(isNeed)).max(24).default([]),
  populations: z.array(z.string().max(40).refine(isPopulation)).max(40).default([]),
  hours: hoursShape.default({ always: true }),
  phone: z
    .string()
    .trim()
    .regex(/^\+?[0-9][0-9*#() -]{1,29}$/)
    .nullable()
    .default(null),
  address: z.string().trim().max(200).default(''),
  referral: z.string().trim().max(1000).default(''),
  languages: z.array(z.string().trim().min(1).max(40)).max(20).default([]),
  verifiedOn: day.nullable().default(null),
  verifyBy: day.nullable().default(null),
})

/** A resource as kept. */
export type ResourceFields = z.infer<typeof resourceFields>

/** How a resource reached the caller. */
export const offerWays = ['offered', 'read-out', 'texted', 'transferred'] as const

/** The number to dial for a resource; null when it has none that can be dialled. */
export function dialable(phone: string | null): string | null {
  const digits = phone?.replace(/[^0-9+*#]/g, '') ?? ''
  return /^\+?[0-9*#]{2,20}$/.test(digits) ? digits : null
}

const plusDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** The day by which an entry is to be verified: as said, else so long after the last time, else today. */
export const dueDay = (entry: Pick<ResourceFields, 'verifiedOn' | 'verifyBy'>, today: string): string =>
  entry.verifyBy ?? (entry.verifiedOn ? plusDays(entry.verifiedOn, believedDays) : today)

/** How an entry stands with its verification on a day. */
export type Standing = 'fresh' | 'soon' | 'overdue'

/** Overdue once its day has come, soon within the days before it. */
export function standingOf(verifyBy: string, today: string): Standing {
  if (verifyBy <= today) return 'overdue'
  return verifyBy <= plusDays(today, remindDays) ? 'soon' : 'fresh'
}

/** The last day that {@link standingOf} calls soon. */
export const soonUntil = (today: string): string => plusDays(today, remindDays)

const wordsOf = (
  codes: readonly string[],
  list: readonly { code: string; zh: string; en: string }[],
): string =>
  list
    .filter((each) => codes.includes(each.code))
    .map((each) => `${each.zh} ${each.en}`)
    .join(' ')

/** A marker among the lexemes; a person's search has only letters and digits, so it can never ask for one. */
const needMark = (need: string): string => `need:${need}`
const populationMark = (code: string): string => `pop:${code}`

/** What a resource is found by: its words in both languages, its place, its phone, and marks for needs and populations. */
export const resourceLexemes = (entry: ResourceFields): string[] => [
  ...lexemesOf(
    [
      entry.organisation,
      entry.service,
      entry.address,
      entry.referral,
      entry.phone?.replace(/\D/g, '') ?? '',
      entry.languages.join(' '),
      placeWords(entry.region, 'zh-CN'),
      placeWords(entry.region, 'en'),
      wordsOf(entry.needs, needs),
      wordsOf(entry.populations, [...levels, ...groups]),
    ].join(' '),
  ),
  ...entry.needs.map(needMark),
  // Who serves everybody serves each of them.
  ...(entry.populations.length === 0 ? ['pop:*'] : entry.populations.map(populationMark)),
]

/**
 * A search as a PostgreSQL text query over {@link resourceLexemes}; null asks for everything, and words that hold nothing
 * to search for (only signs) are as if not said.
 */
export function resourceQuery(wanted: {
  text?: string | undefined
  need?: string | undefined
  population?: string | undefined
}): string | null {
  const parts = searchLexemes(wanted.text ?? '').map((word) => `'${word}'`)
  if (wanted.need !== undefined && isNeed(wanted.need)) parts.push(`'${needMark(wanted.need)}'`)
  if (wanted.population !== undefined && isPopulation(wanted.population))
    parts.push(`('${populationMark(wanted.population)}' | 'pop:*')`)
  return parts.length === 0 ? null : parts.join(' & ')
}

/** What is sent to a caller's phone about a resource: who, what number, when, where. Names nobody and no reason. */
export function textOf(entry: ResourceFields, language: 'zh-CN' | 'en'): string {
  const name = [entry.organisation, entry.service].filter(Boolean).join(language === 'en' ? ', ' : '，')
  const hours = hoursWords(entry.hours, language)
  const [phone, open, address] =
    language === 'en' ? ['Phone', 'Open', 'Address'] : ['电话', '开放时间', '地址']
  const colon = language === 'en' ? ': ' : '：'
  return [
    name,
    entry.phone && `${phone}${colon}${entry.phone}`,
    hours && `${open}${colon}${hours}`,
    entry.address && `${address}${colon}${entry.address}`,
    entry.referral,
  ]
    .filter(Boolean)
    .join('\n')
}

const dayNames = {
  'zh-CN': ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
  en: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
}

/** Runs of days with the same stretch: "1-5 09:00-17:30; 6 09:00-12:00". */
function runsOf(hours: Extract<Hours, { always: false }>): { first: number; last: number; clock: string }[] {
  const sorted = hours.days
    .map((each) => ({ first: each.day, last: each.day, clock: `${each.from}-${each.to}` }))
    .toSorted((a, b) => (a.clock < b.clock ? -1 : Number(a.clock > b.clock)) || a.first - b.first)
  const runs: { first: number; last: number; clock: string }[] = []
  for (const each of sorted) {
    const run = runs.at(-1)
    if (run && run.clock === each.clock && each.first <= run.last + 1) run.last = each.first
    else runs.push({ ...each })
  }
  return runs.toSorted((a, b) => a.first - b.first)
}

/** Opening hours in words: "周一至周五 09:00-17:30"; empty when there are none. */
export function hoursWords(hours: Hours, language: 'zh-CN' | 'en'): string {
  if (hours.always) return language === 'en' ? '24 hours' : '24 小时'
  const names = dayNames[language]
  const to = language === 'en' ? '–' : '至'
  return runsOf(hours)
    .map(({ first, last, clock }) => {
      const days =
        first === last ? names[first - 1] : `${names[first - 1] ?? ''}${to}${names[last - 1] ?? ''}`
      return `${days ?? ''} ${clock}`
    })
    .join(language === 'en' ? '; ' : '；')
}

/** Opening hours as a cell of a table: "24h", "1-5 09:00-17:30; 6 09:00-12:00", empty for never. */
export function hoursCell(hours: Hours): string {
  if (hours.always) return '24h'
  return runsOf(hours)
    .map(({ first, last, clock }) => `${first === last ? first : `${first}-${last}`} ${clock}`)
    .join('; ')
}

const dayNumber = (name: string): number | null => {
  if (/^[1-7]$/.test(name)) return Number(name)
  const chinese = '一二三四五六日'.indexOf(name.replace(/^(周|星期|礼拜)/, '').replace('天', '日'))
  if (name.length > 1 && name.length < 4 && chinese >= 0) return chinese + 1
  const english = dayNames.en.findIndex((each) => each.toLowerCase() === name.slice(0, 3).toLowerCase())
  return english >= 0 && name.length >= 3 ? english + 1 : null
}

/**
 * Reads a cell of opening hours: what {@link hoursCell} writes, and what people write: "周一至周五 9:00-17:30", "24小时",
 * "Mon-Fri 09:00-17:00", "22:00-06:00" (every day). Null when it cannot be read.
 */
export function hoursOf(cell: string): Hours | null {
  const text = cell.normalize('NFKC').trim()
  if (text === '') return { always: false, days: [] }
  if (/^(24 ?(h|小时|hours)|全天|always)$/i.test(text)) return { always: true }
  const days = text.split(/[;\n]/).flatMap((part) => (part.trim() === '' ? [] : [stretchesOf(part.trim())]))
  return days.some((each) => each === null)
    ? null
    : { always: false, days: days.flatMap((each) => each ?? []) }
}

function stretchesOf(part: string): { day: number; from: string; to: string }[] | null {
  const found = /^(?:(\S+?)(?:\s*[-–~至到]\s*(\S+?))?\s+)?(\d{1,2}:\d\d)\s*[-–~至到]\s*(\d{1,2}:\d\d)$/.exec(
    part,
  )
  if (!found) return null
  const [, first = '1', last = found[1] ?? '7', from = '', to = ''] = found
  const [start, end] = [dayNumber(first), dayNumber(last)]
  if (start === null || end === null) return null
  const days = Array.from({ length: ((end - start + 7) % 7) + 1 }, (_, i) => ((start - 1 + i) % 7) + 1)
  const stretches = days.map((each) => ({ day: each, from: from.padStart(5, '0'), to: to.padStart(5, '0') }))
  return hoursShape.safeParse({ always: false, days: stretches }).success ? stretches : null
}
