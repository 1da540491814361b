/** Which stage of a form is open, and the time spent in each; both are saved with the form. */
import type { Stage } from '../../domain/stage.ts'
import { hotlineNow } from '../ui/clock.ts'
import { keeperOf } from './forms.ts'

/** Since when the present stage runs, by contact; only while the call is up. */
const running = new Map<string, number>()

/** Time spent per stage up to now, in ms. */
export function spentIn(contactId: string, now: number): Partial<Record<Stage, number>> {
  const { stage, stageMs } = keeperOf(contactId).read()
  const since = running.get(contactId)
  if (since === undefined) return stageMs
  return { ...stageMs, [stage]: (stageMs[stage] ?? 0) + Math.max(0, now - since) }
}

/** Starts or stops the clock of the present stage: it runs while the call is up. */
export function runStage(contactId: string, on: boolean): void {
  if (on === running.has(contactId)) return
  if (on) {
    running.set(contactId, hotlineNow())
    return
  }
  const stageMs = spentIn(contactId, hotlineNow())
  running.delete(contactId)
  keeperOf(contactId).change({ stageMs })
}

/** Opens a stage; its predecessor's time is kept. */
export function showStage(contactId: string, stage: Stage): void {
  const keeper = keeperOf(contactId)
  if (keeper.read().stage === stage) return
  const now = hotlineNow()
  const stageMs = spentIn(contactId, now)
  if (running.has(contactId)) running.set(contactId, now)
  keeper.change({ stage, stageMs })
}
