/** Which stage of a form is open, and the time spent in each; both are saved with the form. */
import { hotlineNow } from '../ui/clock.ts'
import { keeperOf } from './forms.ts'
import type { Stage } from './FormBody.tsx'

/** Since when the present stage runs, by contact; only while the call is up. */
const running = new Map<string, number>()

/** Time spent per stage up to now, in ms. */
export function spentIn(contactId: string, now: number): Partial<Record<Stage, number>> {
  const { form } = keeperOf(contactId).read()
  const since = running.get(contactId)
  if (since === undefined) return form.stageMs
  return { ...form.stageMs, [form.stage]: (form.stageMs[form.stage] ?? 0) + Math.max(0, now - since) }
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
  if (keeper.read().form.stage === stage) return
  const now = hotlineNow()
  const stageMs = spentIn(contactId, now)
  if (running.has(contactId)) running.set(contactId, now)
  keeper.change({ stage, stageMs })
}
