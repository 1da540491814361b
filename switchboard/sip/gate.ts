import { createHash } from 'node:crypto'
import type { Clock } from './contract.ts'
import type { DigestServer, Ha1Source } from './digest.ts'
import type { SipRequest } from './message.ts'
import type { ServerTransaction } from './transactions.ts'

interface Failures {
  count: number
  /** No attempt counts before this. */
  heldUntil: number
  forgetAt: number
}

const forgetAfter = 600_000
const longestHold = 16_000

/** So many users of one source may have wrong passwords: an office has many phones, whoever tries more is guessing. */
const freeUsers = 20

/** How long the answer to the n-th wrong password in a row waits, ms: the first costs nothing, a typo little. */
const holdAfter = (failures: number): number =>
  failures < 2 ? 0 : Math.min(250 * 2 ** (failures - 2), longestHold)

/** The same tag for the same request, however often it comes. */
function tagFor({ headers }: SipRequest): string {
  const parts = [headers.get('call-id'), headers.get('from'), headers.get('cseq')]
  return createHash('sha256').update(parts.join('|')).digest('hex').slice(0, 16)
}

/** Lets in who proves a password, and slows down who guesses (by source and user together, and by source). */
export class Gate {
  private readonly digest: DigestServer
  private readonly clock: Clock
  private readonly ha1For: Ha1Source
  private readonly failures = new Map<string, Failures>()

  constructor(digest: DigestServer, clock: Clock, ha1For: Ha1Source) {
    this.digest = digest
    this.clock = clock
    this.ha1For = ha1For
  }

  /** The user whose password the request proves; null when it does not: then it has been, or will be, answered. */
  check(transaction: ServerTransaction, kind: 'proxy' | 'registrar'): string | null {
    const { request, flow } = transaction
    const header = kind === 'proxy' ? 'proxy-authorization' : 'authorization'
    const verdict = this.digest.check(request.headers.all(header), request.method, this.ha1For)
    if (verdict.kind === 'none' || verdict.kind === 'stale') {
      this.challenge(transaction, kind, verdict.kind === 'stale')
      return null
    }
    const source = flow.remoteHost
    const key = `${source}|${verdict.user}`
    const held = Math.max(this.heldFor(key), this.heldFor(source))
    if (verdict.kind === 'right' && held <= 0) {
      this.failures.delete(key)
      return verdict.user
    }
    const wait = held > 0 ? held : this.refuse(key, source)
    if (wait === 0) transaction.answer(403)
    else this.clock.after(wait, () => transaction.answer(403))
    return null
  }

  private challenge(transaction: ServerTransaction, kind: 'proxy' | 'registrar', stale: boolean): void {
    const { request } = transaction
    const response = transaction.response(kind === 'proxy' ? 407 : 401)
    const name = kind === 'proxy' ? 'proxy-authenticate' : 'www-authenticate'
    for (const challenge of this.digest.challenges(stale)) response.headers.add(name, challenge)
    if (request.method !== 'INVITE') return transaction.respond(response)
    // Without state (§8.2.7): nothing is kept, and nothing repeated, for a source that may be forged.
    const to = response.headers.get('to') ?? ''
    response.headers.set('to', to.replace(transaction.localTag, tagFor(request)))
    transaction.respond(response)
    transaction.end()
  }

  /** A phone that asks again and again counts once for its source, so that it does not hold up the others there. */
  private refuse(key: string, source: string): number {
    const isNew = (this.failures.get(key)?.forgetAt ?? 0) <= this.clock.now()
    const wait = this.fail(key, 0)
    return isNew ? Math.max(wait, this.fail(source, freeUsers)) : wait
  }

  private heldFor(key: string): number {
    return (this.failures.get(key)?.heldUntil ?? 0) - this.clock.now()
  }

  private fail(key: string, free: number): number {
    const now = this.clock.now()
    const before = this.failures.get(key)
    const count = (before && before.forgetAt > now ? before.count : 0) + 1
    const wait = holdAfter(count - free)
    this.failures.set(key, { count, heldUntil: now + wait, forgetAt: now + forgetAfter })
    if (this.failures.size > 10_000) {
      for (const [old, { forgetAt }] of this.failures) if (forgetAt < now) this.failures.delete(old)
      if (this.failures.size > 50_000) this.failures.clear()
    }
    return wait
  }
}
