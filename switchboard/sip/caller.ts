import type { Party } from './contract.ts'
import type { Headers } from './headers.ts'
import { parseNameAddress } from './headers.ts'
import { SipParseError } from './parse-error.ts'
import { userOf } from './uri.ts'

/** Who calls, as the INVITE says it. */
export interface CallerClaim {
  readonly from: Party
  readonly callerNumber: string
  readonly callerName: string | null
  readonly callerPrivate: boolean
  readonly divertedFrom: string | null
}

function party(value: string | null | undefined): Party | null {
  if (value === null || value === undefined) return null
  try {
    const { name, uri } = parseNameAddress(value)
    return { name, number: userOf(uri) }
  } catch (error) {
    if (error instanceof SipParseError) return null
    throw error
  }
}

const isAnonymous = (who: Party): boolean =>
  who.number === '' || /^(anonymous|unavailable)$/i.test(who.number)

/** The last Diversion is the first that happened (RFC 5806); History-Info (RFC 7044) counts from the first. */
function divertedFrom(headers: Headers): string | null {
  const diversion = party(headers.list('diversion').at(-1))
  if (diversion && diversion.number !== '') return diversion.number
  const history = headers.list('history-info')
  const first = history.length > 1 ? party(history[0]) : null
  return first && first.number !== '' ? first.number : null
}

/** Reads the caller: P-Asserted-Identity (RFC 3325) before Remote-Party-ID before From; '' when withheld. */
export function readCaller(headers: Headers, account: string | null): CallerClaim {
  const from = party(headers.get('from')) ?? { name: null, number: '' }
  const asserted = headers.list('p-asserted-identity').map(party)
  const remote = party(headers.list('remote-party-id')[0])
  const known = [...asserted, remote, from].find((who) => who !== null && !isAnonymous(who)) ?? null
  const privacy = headers.get('privacy')?.toLowerCase() ?? ''
  const hidden = /\b(id|user|header)\b/.test(privacy) || isAnonymous(from)
  return {
    from,
    callerNumber: account ?? known?.number ?? '',
    callerName: known?.name ?? null,
    callerPrivate: hidden,
    divertedFrom: divertedFrom(headers),
  }
}
