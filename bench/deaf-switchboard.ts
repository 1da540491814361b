import type { DialSpec, Switchboard, SwitchboardEvent } from '../telephony/switchboard.ts'

const nothing = async (): Promise<void> => undefined

/**
 * The outside world for a measurement: a switchboard whose seats are all registered, that does nothing with any command,
 * and tells when a seat is rung.
 */
export const deafSwitchboard = (
  on: (event: SwitchboardEvent) => void,
  seats: string[],
  rung: (spec: DialSpec) => void,
): Switchboard => {
  const snapshot = {
    legs: [],
    rooms: [{ id: 'hearthline-alive', kind: 'talk' as const, legs: [], tags: {} }],
    recordings: [],
    trunks: [],
    seats: seats.map((seat) => ({ seat, online: true })),
  }
  setTimeout(() => on({ at: Date.now(), type: 'node.up', node: 'bench', ...snapshot }), 0)
  return {
    up: () => true,
    close: nothing,
    ring: nothing,
    answer: nothing,
    hangup: nothing,
    dial: async (spec) => rung(spec),
    openRoom: nothing,
    closeRoom: nothing,
    join: nothing,
    leave: nothing,
    mute: nothing,
    music: nothing,
    play: nothing,
    stopPlay: nothing,
    sendDigits: nothing,
    supervise: nothing,
    record: nothing,
    stopRecord: nothing,
    answerTransfer: nothing,
    tag: nothing,
    quality: async () => null,
    snapshot: () => snapshot,
    nodeOf: () => null,
    nodesOf: () => [],
    putSeat: nothing,
    dropSeat: nothing,
    putTrunk: nothing,
    dropTrunk: nothing,
  }
}
