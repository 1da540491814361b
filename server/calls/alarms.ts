/* A call that tells one person of an alarm: apart from contacts, bounded, and nothing of it outlives this process. */
import { randomUUID } from 'node:crypto'
import { Problem } from '../../domain/problem.ts'
import type { SwitchboardEvent } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
import { dialOutside } from './outside.ts'
import { alarmLegPrefix, type Shell, toldOf } from './shell.ts'
import { promptFiles } from './sounds.ts'

/** Rung this long; then it is for whoever gave the alarm to call the next one. */
const ringFor = 45_000
/** The words are said this often, with time to press a key after each. */
const mostPlays = 2
const keyWithin = 6_000
/** Longest that an answered alarm may last, whatever the switchboard tells. */
const lastsAtMost = 120_000

/** Whom an alarm rings, what is said, and what is done with the key pressed. */
export interface AlarmCall {
  hotlineId: string
  /** The alarm this belongs to: while one of it rings the same place, another is not begun. */
  alarmId: string
  to: { number: string } | { sipUser: string }
  /** Id of the words, said in the language of the hotline's first line. */
  prompt: string
  /** Told of the first key pressed; the call is put down then. */
  onDigit: (digit: string) => void | Promise<void>
}

/** An alarm under way. */
interface Ringing {
  given: AlarmCall
  leg: string
  files: string[]
  plays: number
  timer: NodeJS.Timeout
}

/** The alarms under way in this process, by their leg. */
export type Alarms = Map<string, Ringing>

/**
 * Rings and returns once it rings. `switchboard.away` (also in a process that does not control it), `number.notAllowed`,
 * `seat.offline`. A process that dies leaves the ringing to be put down by its successor, and the alarm to be given again.
 */
export async function alarmCall(shell: Shell, given: AlarmCall): Promise<void> {
  const { switchboard } = shell
  if (!switchboard?.up()) throw new Problem('switchboard.away')
  const place = JSON.stringify(given.to)
  for (const each of shell.alarms.values()) {
    if (each.given.alarmId === given.alarmId && JSON.stringify(each.given.to) === place) return
  }
  const leg = `${alarmLegPrefix}${randomUUID()}`
  const files = await wordsOf(shell, given)
  await refuseNumber(shell, given)
  const timer = setTimeout(() => end(shell, leg), ringFor + lastsAtMost)
  shell.alarms.set(leg, { given, leg, files, plays: 0, timer })
  try {
    const { to, hotlineId } = given
    if ('number' in to) await dialOutside(shell, { hotlineId, leg, number: to.number, timeoutMs: ringFor })
    else await switchboard.dial({ leg, to: { seat: to.sipUser }, timeoutMs: ringFor })
  } catch {
    forget(shell, leg)
    throw new Problem('seat.offline')
  }
}

/** Only the list of allowed numbers binds an alarm, never how many calls were made. */
async function refuseNumber(shell: Shell, { hotlineId, to }: AlarmCall): Promise<void> {
  if ('number' in to && !(await shell.trunkFor(hotlineId, to.number))) throw new Problem('number.notAllowed')
}

async function wordsOf(shell: Shell, { hotlineId, prompt }: AlarmCall): Promise<string[]> {
  const language = await inHotline(shell.db, hotlineId, async (tx) => {
    const line = await tx.selectFrom('line').select('language').orderBy('line_id').executeTakeFirst()
    return line?.language === 'en' ? ('en' as const) : ('zh-CN' as const)
  })
  return promptFiles(shell, hotlineId, language, prompt)
}

/** Puts a fact to the alarm it is about; false when it is about none. */
export function hearAlarm(shell: Shell, event: SwitchboardEvent): boolean {
  const id = event.type === 'play.ended' ? event.play : 'leg' in event ? event.leg : null
  if (typeof id !== 'string' || !id.startsWith(alarmLegPrefix)) return false
  const ringing = shell.alarms.get(event.type === 'play.ended' ? legOfPlay(id) : id)
  if (!ringing) {
    if (event.type === 'leg.up') hangUp(shell, id)
    return true
  }
  tell(shell, ringing, event)
  return true
}

const playOf = ({ leg, plays }: Ringing): string => `${leg}-p${plays}`
const legOfPlay = (play: string): string => play.replace(/-p\d+$/, '')

function tell(shell: Shell, ringing: Ringing, event: SwitchboardEvent): void {
  if (event.type === 'leg.up') say(shell, ringing)
  else if (event.type === 'leg.ended') forget(shell, ringing.leg)
  else if (event.type === 'play.ended') wordsOver(shell, ringing)
  else if (event.type === 'leg.digit') {
    void Promise.resolve(ringing.given.onDigit(event.digit)).catch((error: unknown) =>
      shell.log('the answer to an alarm could not be taken', toldOf(error)),
    )
    end(shell, ringing.leg)
  }
}

function say(shell: Shell, ringing: Ringing): void {
  ringing.plays += 1
  const sounds = ringing.files.map((file) => ({ file }))
  shell.switchboard?.play(playOf(ringing), { leg: ringing.leg }, sounds).catch(() => end(shell, ringing.leg))
}

/** Time for a key; then once more, or the end. */
function wordsOver(shell: Shell, ringing: Ringing): void {
  clearTimeout(ringing.timer)
  ringing.timer = setTimeout(() => {
    if (ringing.plays < mostPlays) say(shell, ringing)
    else end(shell, ringing.leg)
  }, keyWithin)
}

function end(shell: Shell, leg: string): void {
  forget(shell, leg)
  hangUp(shell, leg)
}

const hangUp = (shell: Shell, leg: string): void => {
  shell.switchboard?.hangup(leg).catch(() => undefined)
}

function forget(shell: Shell, leg: string): void {
  clearTimeout(shell.alarms.get(leg)?.timer)
  shell.alarms.delete(leg)
}

/** Puts down every alarm under way: this process ends. */
export function endAlarms(shell: Shell): void {
  for (const leg of shell.alarms.keys()) end(shell, leg)
}
