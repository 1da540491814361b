import type { Board } from '../../api/board.ts'
import type { LiveEvent } from '../../api/events.ts'
import { colourOf, graveness } from '../../domain/light.ts'
import { Problem } from '../../domain/problem.ts'

/** What the watch needs of the outside. */
export interface BoardWatchDeps {
  /** Hotlines whose board somebody may be looking at. */
  hotlines: () => Promise<string[]>
  read: (hotlineId: string) => Promise<Board>
  publish: (hotlineId: string, event: LiveEvent) => void
  /** Told of a failed reading; the next one is tried all the same. */
  failed: (error: unknown) => void
}

/** Boards are read and sent at most this often, and not so often that reading takes more than two thirds of the time. */
const everyMs = 50
const rest = 1.5
/** Without a word of a change it is still read this often, so that nothing missed stays missed. */
const atLeastEveryMs = 1000

/** What makes a board another one; waits and ages that grow by themselves are counted on the screen. */
const essence = (board: Board): string => {
  const { longestWaitMs: _, ...today } = board.today
  const lights = board.lights.map(({ kind, colour, unit, value }) => [
    kind,
    colour,
    unit === 'ms' ? 0 : value,
  ])
  return JSON.stringify({ ...board, at: '', today, lights })
}

/** The last board of a hotline whose database is away: nothing on it moves, and it says so. */
function withDatabaseAway(board: Board, now: Date): Board {
  const away = { kind: 'database-away', since: now.toISOString(), count: null, trunk: null } as const
  return {
    ...board,
    notices: [away, ...board.notices],
    lights: board.lights.map((light) =>
      light.kind === 'system'
        ? { ...light, value: graveness['database-away'], colour: colourOf(light, graveness['database-away']) }
        : light,
    ),
  }
}

/** Reads a hotline's board and sends it when it is another one than the last. */
function boardSender(deps: BoardWatchDeps): (hotlineId: string) => Promise<void> {
  const last = new Map<string, { text: string; board: Board }>()
  const send = (hotlineId: string, board: Board): void => {
    const text = essence(board)
    if (last.get(hotlineId)?.text === text) return
    last.set(hotlineId, { text, board })
    deps.publish(hotlineId, { type: 'board', board })
  }
  return async (hotlineId) => {
    try {
      send(hotlineId, await deps.read(hotlineId))
    } catch (error) {
      const before = last.get(hotlineId)?.board
      const isAway = error instanceof Problem && error.code === 'database.away'
      const isTold = before?.notices.some((notice) => notice.kind === 'database-away') ?? false
      if (isAway && before && !isTold) send(hotlineId, withDatabaseAway(before, new Date()))
      throw error
    }
  }
}

/**
 * Sends each hotline's board when it changed: at once when `poke` says that something happened and none was sent just now.
 * A board equal to the last one (but for its time) is not sent again.
 */
export function watchBoards(deps: BoardWatchDeps): { poke: () => void; stop: () => void } {
  const sendChanged = boardSender(deps)
  let poked = true
  let readAt = 0
  let lastingMs = 0
  let running = false
  let timer: NodeJS.Timeout | null = null

  const readAll = async (): Promise<void> => {
    running = true
    poked = false
    readAt = Date.now()
    try {
      for (const hotlineId of await deps.hotlines()) await sendChanged(hotlineId)
    } catch (error) {
      deps.failed(error)
    } finally {
      running = false
      lastingMs = Date.now() - readAt
    }
    if (poked) schedule()
  }

  function schedule(): void {
    if (running || timer) return
    const wait = Math.max(0, readAt + Math.max(everyMs, lastingMs * rest) - Date.now())
    timer = setTimeout(() => {
      timer = null
      void readAll()
    }, wait)
  }

  const heart = setInterval(() => {
    if (!running && Date.now() - readAt >= atLeastEveryMs) schedule()
  }, atLeastEveryMs / 4)
  return {
    poke() {
      poked = true
      schedule()
    },
    stop() {
      clearInterval(heart)
      if (timer) clearTimeout(timer)
    },
  }
}
