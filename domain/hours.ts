import { z } from 'zod'

const clock = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/)

/** Service hours: always, or stretches of weekdays (1 is Monday) in the hotline's own zone. */
export const hoursShape = z.union([
  z.strictObject({ always: z.literal(true) }),
  z.strictObject({
    always: z.literal(false),
    days: z.array(z.strictObject({ day: z.number().int().min(1).max(7), from: clock, to: clock })).max(50),
  }),
])

/** Service hours of a line or of a resource. */
export type Hours = z.infer<typeof hoursShape>

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const formats = new Map<string, Intl.DateTimeFormat>()

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))

const weekMinutes = 7 * 1440

/** The minute of the week (0 is Monday 00:00) an instant falls on in the zone. */
export function minuteOfWeek(at: Date, zone: string): number {
  const { day, minute } = localTime(at, zone)
  return (day - 1) * 1440 + minute
}

/** The open stretches of a week in minutes, from inclusive, to exclusive: what {@link minuteOfWeek} is compared with. */
export function openMinutes(hours: Hours): { from: number; to: number }[] {
  if (hours.always) return [{ from: 0, to: weekMinutes }]
  return hours.days.flatMap((stretch) => {
    const start = (stretch.day - 1) * 1440
    const from = start + minutesOf(stretch.from)
    const to = start + minutesOf(stretch.to) + (minutesOf(stretch.to) <= minutesOf(stretch.from) ? 1440 : 0)
    const parts = [
      { from, to: Math.min(to, weekMinutes) },
      { from: 0, to: to - weekMinutes },
    ]
    return parts.filter((part) => part.to > part.from)
  })
}

function localTime(at: Date, zone: string): { day: number; minute: number } {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  formats.set(zone, format)
  const part = (type: string): string =>
    format.formatToParts(at).find((one) => one.type === type)?.value ?? ''
  return {
    day: weekdays.indexOf(part('weekday')) + 1,
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  }
}

/**
 * Whether a line with these hours serves at this instant. A stretch whose end is not after its start runs past midnight
 * (22:00 to 06:00); `24:00` is the end of the day; the end itself is outside.
 */
export function isOpenNow(hours: Hours, zone: string, at: Date): boolean {
  if (hours.always) return true
  const { day, minute } = localTime(at, zone)
  return hours.days.some((stretch) => {
    const [from, to] = [minutesOf(stretch.from), minutesOf(stretch.to)]
    if (from < to) return stretch.day === day && minute >= from && minute < to
    const nextDay = (stretch.day % 7) + 1
    return (stretch.day === day && minute >= from) || (nextDay === day && minute < to)
  })
}
