import { setTimeout as sleep } from 'node:timers/promises'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import type { Switchboard } from '../../telephony/switchboard.ts'
import type { Hands } from '../pairing.ts'

const tries = 20

/** Repeats a command that was not answered in time, as one has to: every command may be repeated. */
export async function patiently(command: () => Promise<void>): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      await command()
      return
    } catch (error) {
      if (!(error instanceof SwitchboardError && error.code === 'timeout') || left === 0) throw error
    }
    await sleep(500)
  }
}

/** A link that repeats what was not answered in time. */
export const patientHands = (link: Switchboard): Hands => ({
  answer: (leg) => patiently(() => link.answer(leg)),
  dial: (spec) => patiently(() => link.dial(spec)),
  music: (at, cls) => patiently(() => link.music(at, cls)),
  openRoom: (room, kind) => patiently(() => link.openRoom(room, kind)),
  join: (leg, room) => patiently(() => link.join(leg, room)),
  hangup: (leg) => patiently(() => link.hangup(leg)),
  closeRoom: (room) => patiently(() => link.closeRoom(room)),
})
