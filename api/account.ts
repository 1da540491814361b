/** The own account: sessions, second factors, recovery codes. What a log-in has to set up is open to it as `begun`. */
import { z } from 'zod'
import { done, endpoint, id, instant } from './endpoint.ts'
import { factorKinds, passkeyAnswer, passkeyOptions } from './session.ts'

/** A second factor of one's own. */
export const factor = z.object({
  factorId: id,
  kind: z.enum(factorKinds),
  name: z.string(),
  createdAt: instant,
  usedAt: instant.nullable(),
})

/** {@link factor}, parsed. */
export type Factor = z.infer<typeof factor>

/** One of the own sessions: on which device, since when, last seen when; `here` is the one that asks. */
export const ownSession = z.object({
  sessionId: id,
  device: z.string(),
  since: instant,
  seenAt: instant,
  here: z.boolean(),
})

/** {@link ownSession}, parsed. */
export type OwnSession = z.infer<typeof ownSession>

/** The own account, whole: at most a handful of each. */
export const readAccount = endpoint({
  method: 'GET',
  path: '/api/v1/account',
  needs: 'session.own',
  summary: 'The own sessions, second factors and how many recovery codes are left',
  reply: z.object({
    sessions: z.array(ownSession),
    factors: z.array(factor),
    recoveryCodesLeft: z.number().int(),
    /** Whether a second factor must stay. */
    required: z.boolean(),
  }),
})

/** Whether a file that needs somebody fresh would be given: asked before a download, which cannot ask by itself. */
export const checkFresh = endpoint({
  method: 'GET',
  path: '/api/v1/account/fresh',
  needs: 'session.own',
  fresh: true,
  summary: 'Whether passphrase and second factor were shown lately enough',
  reply: done,
})

const factorName = z.string().trim().max(60).default('')
/** With the first second factor come ten recovery codes, shown this once. */
const added = z.object({ recoveryCodes: z.array(z.string()).nullable() })

/** Begins one-time codes: the secret for the app, to be confirmed by a code within five minutes. */
export const beginTotp = endpoint({
  method: 'POST',
  path: '/api/v1/account/totp',
  needs: 'session.own',
  begun: true,
  fresh: true,
  summary: 'Begin one-time codes: the secret for the app',
  reply: z.object({ secret: z.string(), uri: z.string() }),
})

/** Confirms one-time codes by the app's first code; completes a log-in that waits for it. 401 `session.wrongCode`. */
export const confirmTotp = endpoint({
  method: 'PUT',
  path: '/api/v1/account/totp',
  needs: 'session.own',
  begun: true,
  fresh: true,
  summary: 'Confirm one-time codes by the first code',
  body: z.strictObject({ code: z.string().regex(/^\d{6}$/), name: factorName }),
  reply: added,
})

/** Begins a passkey: what the browser is to make. */
export const beginPasskey = endpoint({
  method: 'POST',
  path: '/api/v1/account/passkey',
  needs: 'session.own',
  begun: true,
  fresh: true,
  summary: 'Begin a passkey: options for the browser',
  reply: passkeyOptions,
})

/** Adds the passkey the browser made; completes a log-in that waits for it. 401 `session.wrongCode`. */
export const confirmPasskey = endpoint({
  method: 'PUT',
  path: '/api/v1/account/passkey',
  needs: 'session.own',
  begun: true,
  fresh: true,
  summary: 'Add the passkey the browser made',
  body: z.strictObject({ answer: passkeyAnswer, name: factorName }),
  reply: added,
})

/** Removes a second factor; 409 `factor.last` while one is required. */
export const removeFactor = endpoint({
  method: 'DELETE',
  path: '/api/v1/account/factors/:factorId',
  needs: 'session.own',
  fresh: true,
  summary: 'Remove an own second factor',
  params: z.strictObject({ factorId: id }),
  reply: done,
})

/** Ten new recovery codes, shown this once; the old ones stop working. */
export const renewRecoveryCodes = endpoint({
  method: 'POST',
  path: '/api/v1/account/recovery-codes',
  needs: 'session.own',
  fresh: true,
  summary: 'Ten new recovery codes',
  reply: z.object({ recoveryCodes: z.array(z.string()) }),
})

/** Ends one of the own other sessions; `session.notFound`. */
export const endOwnSession = endpoint({
  method: 'DELETE',
  path: '/api/v1/account/sessions/:sessionId',
  needs: 'session.own',
  summary: 'End one of the own sessions',
  params: z.strictObject({ sessionId: id }),
  reply: done,
})

/** Signs out everywhere, here too; off duty first if on duty. */
export const endOwnSessions = endpoint({
  method: 'DELETE',
  path: '/api/v1/account/sessions',
  needs: 'session.own',
  summary: 'Sign out everywhere',
  reply: done,
})

/** Takes somebody's second factors away, who then sets up a new one at the next log-in; not one's own. */
export const resetFactors = endpoint({
  method: 'DELETE',
  path: '/api/v1/people/:personId/factors',
  needs: 'person.change',
  fresh: true,
  summary: "Reset somebody's second factors",
  params: z.strictObject({ personId: id }),
  reply: done,
})
