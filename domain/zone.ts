/** Days in a hotline's own time zone. Instants are milliseconds since 1970; days are written YYYY-MM-DD. */

const formats = new Map<string, Intl.DateTimeFormat>()

const format = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  formats.set(zone, made)
  return made
}

/** The wall clock of the zone at an instant, as if it were UTC. */
const wallClock = (at: number, zone: string): number => {
  const part = Object.fromEntries(
    format(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The day an instant falls on in the zone. */
export const dayOf = (at: number, zone: string): string =>
  new Date(wallClock(at, zone)).toISOString().slice(0, 10)

/** The first instant of a day in the zone. */
export const startOfDay = (day: string, zone: string): number => {
  const wanted = Date.parse(`${day}T00:00:00Z`)
  // The zone's offset is first guessed at that instant taken as UTC, then corrected once: enough for every zone's shifts.
  const guess = wanted - (wallClock(wanted, zone) - wanted)
  return guess - (wallClock(guess, zone) - wanted)
}

/** The day after a day. */
export const nextDay = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)

/** The day some days after a day. */
export const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** The same day some calendar months later, or the last day of that month where it has no such day. */
export const monthsAfter = (day: string, months: number): string => {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number)
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10)
}

/** The wall clock of the zone at an instant, as HH:MM. */
export const clockOf = (at: number, zone: string): string =>
  new Date(wallClock(at, zone)).toISOString().slice(11, 16)

/** The instant at which the zone's clocks show this time (HH:MM) of this day; a time that a change of clocks leaves out is the first one after it. */
export const atClock = (day: string, clock: string, zone: string): number => {
  const wanted = Date.parse(`${day}T${clock}:00Z`)
  const guess = wanted - (wallClock(wanted, zone) - wanted)
  const second = guess - (wallClock(guess, zone) - wanted)
  return wallClock(second, zone) === wanted ? second : Math.max(guess, second)
}
