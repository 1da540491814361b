import type { SipCall } from './call.ts'
import type { DialogId, ReferProgress } from './contract.ts'
import type { Headers } from './headers.ts'
import { parseNameAddress, parseParams } from './headers.ts'
import { parseCSeq } from './message.ts'
import { SipParseError } from './parse-error.ts'
import type { ServerTransaction } from './transactions.ts'
import { parseUri, unescapeUri, userOf } from './uri.ts'

/** Reads the value of a Replaces header (RFC 3891). Throws SipParseError. */
function parseReplaces(value: string): DialogId {
  const semicolon = value.indexOf(';')
  const params = parseParams(semicolon < 0 ? '' : value.slice(semicolon))
  const [toTag, fromTag] = [params.get('to-tag'), params.get('from-tag')]
  if (semicolon < 1 || !toTag || !fromTag) throw new SipParseError('bad Replaces')
  return { callId: value.slice(0, semicolon).trim(), toTag, fromTag }
}

/** The Replaces header of an INVITE, or null. Throws SipParseError. */
export function replacesOf(headers: Headers): DialogId | null {
  const value = headers.get('replaces')
  return value === null ? null : parseReplaces(value)
}

interface ReferTarget {
  readonly to: string
  readonly replaces: DialogId | null
}

/** Reads Refer-To: the URI without its headers, and the Replaces among them. Throws SipParseError. */
function referTarget(value: string): ReferTarget {
  const { uri } = parseNameAddress(value)
  const headers = parseUri(uri)?.headers ?? ''
  const replaces = headers
    .split('&')
    .find((header) => /^replaces=/i.test(header))
    ?.replace(/^replaces=/i, '')
  return {
    to: uri.split('?')[0] ?? uri,
    replaces: replaces === undefined ? null : parseReplaces(unescapeUri(replaces)),
  }
}

/** Reports the outcome of a REFER by NOTIFY, one after the other (RFC 3515 §2.4.4). */
function referProgress(call: SipCall, event: string): ReferProgress {
  let turn: Promise<unknown> = Promise.resolve()
  let done = false
  return {
    notify(status, reason) {
      if (done) return
      done = status >= 200
      const state = done ? 'terminated;reason=noresource' : 'active;expires=120'
      const content = {
        headers: { event, 'subscription-state': state },
        type: 'message/sipfrag;version=2.0',
        body: `SIP/2.0 ${status} ${reason.replace(/[\r\n]+/g, ' ')}\r\n`,
      }
      turn = turn.then(async () => {
        if (!call.isOver) await call.request('NOTIFY', content)
      })
    },
  }
}

/** A REFER in a call: shown to the owner, who accepts or rejects it. */
export function receiveRefer(call: SipCall, transaction: ServerTransaction): void {
  const { headers } = transaction.request
  let target: ReferTarget
  try {
    if (headers.list('refer-to').length !== 1) throw new SipParseError('one Refer-To is needed')
    target = referTarget(headers.get('refer-to') ?? '')
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error
    return transaction.answer(400)
  }
  if (!call.handlers.refer) return transaction.answer(603)
  const silent = headers.get('refer-sub')?.trim().toLowerCase().startsWith('false') ?? false
  const request = {
    ...target,
    user: userOf(target.to),
    referredBy: headers.get('referred-by'),
    accept(): ReferProgress {
      const response = transaction.response(202)
      call.describe(response.headers, transaction.flow)
      if (silent) response.headers.add('refer-sub', 'false')
      transaction.respond(response)
      if (silent) return { notify() {} }
      const progress = referProgress(call, `refer;id=${parseCSeq(headers).number}`)
      progress.notify(100, 'Trying')
      return progress
    },
    reject(status: number, reason?: string): void {
      transaction.answer(status, reason)
    },
  }
  call.tell((handlers) => handlers.refer?.(request))
}
