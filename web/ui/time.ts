/** Times in words: relative while live, absolute with date when past, always in the hotline's zone. */

/** Languages of the screens. */
export type Language = 'zh-CN' | 'en'

const part = (n: number, zh: string, en: string, language: Language): string =>
  language === 'zh-CN' ? `${n} ${zh}` : `${n} ${en}`

/** A length of time (ms) in the two largest units: "2 分 10 秒", "1 小时 5 分", "3 天 2 小时". Below zero counts as zero. */
export function lengthOf(ms: number, language: Language): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const [d, h, m] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60]
  const say = (n: number, zh: string, en: string): string => part(n, zh, en, language)
  if (d > 0) return `${say(d, '天', 'd')} ${say(h, '小时', 'h')}`
  if (h > 0) return `${say(h, '小时', 'h')} ${say(m, '分', 'min')}`
  if (m > 0) return `${say(m, '分', 'min')} ${say(s % 60, '秒', 's')}`
  return say(s, '秒', 's')
}

/** A length of time (ms) as a clock face: "2:10", "1:05:09"; for places too narrow for words. */
export function clockFace(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}

const fields = (at: number, zone: string): Record<string, string> =>
  Object.fromEntries(
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )

/** Time of day: "12:03:07". */
export function timeOfDay(at: number, zone: string): string {
  const f = fields(at, zone)
  return `${f['hour']}:${f['minute']}:${f['second']}`
}

/** Day and time: "2026-11-21 12:03". */
export function dayAndTime(at: number, zone: string): string {
  const f = fields(at, zone)
  return `${f['year']}-${f['month']}-${f['day']} ${f['hour']}:${f['minute']}`
}

/** Day alone: "2026-11-21". */
export const dayOf = (at: number, zone: string): string => dayAndTime(at, zone).slice(0, 10)

/** The zone in words of the language, such as 中国标准时间. */
export function zoneName(at: number, zone: string, language: Language): string {
  const parts = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: 'long' }).formatToParts(at)
  return parts.find((p) => p.type === 'timeZoneName')?.value ?? zone
}

/** How long ago, in words: "3 分 2 秒前"; the future reads "还有 …". */
export function agoOf(at: number, now: number, language: Language): string {
  const length = lengthOf(Math.abs(now - at), language)
  if (language === 'zh-CN') return at <= now ? `${length}前` : `还有 ${length}`
  return at <= now ? `${length} ago` : `in ${length}`
}

/** The instant (ms) at which the wall clock of `zone` shows `day` ("2026-11-21") and `time` ("08:30"). */
export function instantOf(day: string, time: string, zone: string): number {
  const wanted = Date.parse(`${day}T${time}:00Z`)
  let guess = wanted
  // Twice, because the offset may differ on the two sides of a clock change.
  for (let i = 0; i < 2; i++) {
    const f = fields(guess, zone)
    const shown = Date.parse(
      `${f['year']}-${f['month']}-${f['day']}T${f['hour']}:${f['minute']}:${f['second']}Z`,
    )
    guess += wanted - shown
  }
  return guess
}
