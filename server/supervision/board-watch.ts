import type { Board } from '../../api/board.ts'
import type { LiveEvent } from '../../api/events.ts'

/** What the watch needs of the outside. */
export interface BoardWatchDeps {
  /** Hotlines whose board somebody may be looking at. */
  hotlines: () => Promise<string[]>
  read: (hotlineId: string) => Promise<Board>
  publish: (hotlineId: string, event: LiveEvent) => void
  /** Told of a failed reading; the next one is tried all the same. */
  failed: (error: unknown) => void
}

/** At most this often a board is read and sent. */
const everyMs = 250
/** Without a word of a change it is still read this often, so that nothing missed stays missed. */
const atLeastEveryMs = 1000

/**
 * Sends each hotline's board when it changed. `poke` says that something happened; a board equal to the last one
 * (but for its time) is not sent again.
 */
export function watchBoards(deps: BoardWatchDeps): { poke: () => void; stop: () => void } {
  const last = new Map<string, string>()
  let poked = true
  let readAt = 0
  let running = false

  const sendChanged = async (hotlineId: string): Promise<void> => {
    const board = await deps.read(hotlineId)
    // Waits that grow by themselves are counted on the screen; they are no reason to send.
    const { longestWaitMs: _, ...today } = board.today
    const text = JSON.stringify({ ...board, at: '', today })
    if (last.get(hotlineId) === text) return
    last.set(hotlineId, text)
    deps.publish(hotlineId, { type: 'board', board })
  }

  const tick = async (): Promise<void> => {
    if (running || (!poked && Date.now() - readAt < atLeastEveryMs)) return
    running = true
    poked = false
    readAt = Date.now()
    try {
      for (const hotlineId of await deps.hotlines()) await sendChanged(hotlineId)
    } catch (error) {
      deps.failed(error)
    } finally {
      running = false
    }
  }

  const timer = setInterval(() => void tick(), everyMs)
  return { poke: () => (poked = true), stop: () => clearInterval(timer) }
}
