/** Log-in in its two steps, the person's own session, and the one-time set-up of a hotline. */
import { z } from 'zod'
import { leastLength, mostLength } from '../domain/passphrase.ts'
import { roles, type Permission } from '../domain/permission.ts'
import { done, endpoint, id } from './endpoint.ts'

/** Who is logged in, and what the screens may show. */
export const me = z.object({
  personId: id,
  name: z.string(),
  displayName: z.string(),
  roles: z.array(z.enum(roles)),
  rights: z.array(z.custom<Permission>((value) => typeof value === 'string')),
  hotline: z.object({
    hotlineId: id,
    name: z.string(),
    language: z.enum(['zh-CN', 'en']),
    timeZone: z.string(),
    demo: z.boolean(),
  }),
})

/** The logged-in person, as the web app knows them. */
export type Me = z.infer<typeof me>

/** The kinds of second factor: one-time codes of an app (TOTP, RFC 6238), or a passkey (WebAuthn). */
export const factorKinds = ['totp', 'passkey'] as const

/** How far a log-in has come: all the way, to the second factor, or to setting one up (G24-7.5c). */
export const entered = z.discriminatedUnion('stage', [
  me.extend({ stage: z.literal('in') }),
  z.object({ stage: z.literal('prove'), factors: z.array(z.enum(factorKinds)) }),
  z.object({ stage: z.literal('set-up') }),
])

/** {@link entered}, parsed. */
export type Entered = z.infer<typeof entered>

/**
 * Begins a log-in with name and passphrase; sets the session cookie (HttpOnly, SameSite=Strict). Until a second factor was
 * shown the session opens only what is declared `begun`. 401 `session.wrongName`, 429 `session.locked`.
 */
export const logIn = endpoint({
  method: 'POST',
  path: '/api/v1/session',
  needs: 'anyone',
  summary: 'Begin a log-in with name and passphrase',
  body: z.strictObject({
    name: z.string().trim().min(1).max(60),
    passphrase: z.string().min(1).max(mostLength),
  }),
  reply: entered,
})

/** What a browser answers for a passkey; the details are judged by the WebAuthn library. */
export const passkeyAnswer = z.looseObject({
  id: z.string().min(1).max(2000),
  rawId: z.string().min(1).max(2000),
  type: z.literal('public-key'),
  response: z.record(z.string(), z.unknown()),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
})

/** A second factor as it is shown: a code of the app, one of the recovery codes, or a passkey's answer. */
export const proof = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('totp'), code: z.string().regex(/^\d{6}$/) }),
  z.strictObject({ kind: z.literal('recovery'), code: z.string().trim().min(8).max(40) }),
  z.strictObject({ kind: z.literal('passkey'), answer: passkeyAnswer }),
])

/** {@link proof}, parsed. */
export type Proof = z.infer<typeof proof>

/** Options for the browser's WebAuthn call, as the library makes them. */
export const passkeyOptions = z.object({ options: z.looseObject({ challenge: z.string() }) })

/** A challenge for the person's passkeys, to be answered once within five minutes. */
export const challengePasskey = endpoint({
  method: 'POST',
  path: '/api/v1/session/challenge',
  needs: 'session.own',
  begun: true,
  summary: 'A challenge for the own passkeys',
  reply: passkeyOptions,
})

/** Completes a log-in with the second factor; the cookie changes. 401 `session.wrongCode`, 429 `session.locked`. */
export const proveLogIn = endpoint({
  method: 'POST',
  path: '/api/v1/session/proof',
  needs: 'session.own',
  begun: true,
  summary: 'Complete a log-in with the second factor',
  body: z.strictObject({ proof }),
  reply: me,
})

/** The second factors of who is about to show one again. */
export const ownFactors = endpoint({
  method: 'GET',
  path: '/api/v1/session/factors',
  needs: 'session.own',
  summary: 'The kinds of second factor of the logged-in person',
  reply: z.object({ factors: z.array(z.enum(factorKinds)) }),
})

/** Shows again who one is; for ten minutes endpoints declared `fresh` are open. 401 `session.wrongName`, `session.wrongCode`. */
export const refreshSession = endpoint({
  method: 'POST',
  path: '/api/v1/session/fresh',
  needs: 'session.own',
  summary: 'Show passphrase and second factor again',
  body: z.strictObject({ passphrase: z.string().min(1).max(mostLength), proof: proof.optional() }),
  reply: done,
})

/** Who am I; 401 `session.needed` when nobody. */
export const whoAmI = endpoint({
  method: 'GET',
  path: '/api/v1/session',
  needs: 'session.own',
  summary: 'The logged-in person',
  reply: me,
})

/** Ends this session; off duty first if on duty. */
export const logOut = endpoint({
  method: 'DELETE',
  path: '/api/v1/session',
  needs: 'session.own',
  summary: 'Log out',
  reply: done,
})

/** Changes the own passphrase. */
export const changePassphrase = endpoint({
  method: 'POST',
  path: '/api/v1/session/passphrase',
  needs: 'session.own',
  summary: 'Change the own passphrase',
  body: z.strictObject({ old: z.string().max(mostLength), fresh: z.string().min(1).max(mostLength) }),
  reply: done,
})

/** What the first start asks for, through its one-time link. Creates hotline, administrator, lines, seats, prompts. */
export const setUp = endpoint({
  method: 'POST',
  path: '/api/v1/setup',
  needs: 'anyone',
  summary: 'Create the hotline (one-time link)',
  body: z.strictObject({
    token: z.string().min(20).max(200),
    hotline: z.string().trim().min(1).max(80),
    department: z.string().trim().max(80).default(''),
    language: z.enum(['zh-CN', 'en']).default('zh-CN'),
    lineName: z.string().trim().min(1).max(80),
    lineNumber: z.string().regex(/^[0-9+*#]{2,20}$/),
    seats: z.number().int().min(1).max(50).default(2),
    administrator: z.strictObject({
      name: z.string().trim().min(1).max(60),
      displayName: z.string().trim().min(1).max(60),
      passphrase: z.string().min(leastLength).max(mostLength),
    }),
  }),
  reply: done,
})

/** Whether set-up is still to be done, and whether this token opens it. */
export const setUpState = endpoint({
  method: 'GET',
  path: '/api/v1/setup',
  needs: 'anyone',
  summary: 'Is set-up needed',
  reply: z.object({ needed: z.boolean() }),
})
