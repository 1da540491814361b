/** Service hours of a line: always, or stretches of weekdays (1 is Monday) in the hotline's own zone. */
export type Hours = { always: true } | { always: false; days: { day: number; from: string; to: string }[] }

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const formats = new Map<string, Intl.DateTimeFormat>()

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))

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
