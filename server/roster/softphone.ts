/* The short-lived SIP account of a browser seat. */
import { randomBytes } from 'node:crypto'
import type { SeatSpec } from '../../telephony/switchboard.ts'
import type { Tx } from '../db/database.ts'
import type { Keys } from '../records/keys.ts'
import { saveSecret } from './queries.ts'

/** How long an account lasts: a long shift. A page renews it when it comes back, and the end of the duty ends it. */
export const softphoneMs = 14 * 60 * 60_000

/** What the page registers with. */
export interface Softphone {
  sipUser: string
  sipPassword: string
  sipDomain: string
  sipAddresses: string[]
  expiresAt: string
}

/** Makes a seat's account anew and keeps it sealed, so that a restarted server can give it to the switchboard again. */
export async function makeSoftphone(
  tx: Tx,
  keys: Keys,
  given: {
    hotlineId: string
    seatId: string
    sipUser: string
    domain: string
    addresses: readonly string[]
    now: number
  },
): Promise<{ softphone: Softphone; spec: SeatSpec }> {
  const password = randomBytes(18).toString('base64url')
  await saveSecret(tx, given.seatId, keys.seal(given.hotlineId, password, 'devices'))
  return {
    softphone: {
      sipUser: given.sipUser,
      sipPassword: password,
      sipDomain: given.domain,
      sipAddresses: [...given.addresses],
      expiresAt: new Date(given.now + softphoneMs).toISOString(),
    },
    spec: { seat: given.sipUser, kind: 'browser', secret: { password } },
  }
}
