import type { FastifyInstance } from 'fastify'
import {
  beginPasskey as beginPasskeyAt,
  beginTotp as beginTotpAt,
  checkFresh,
  confirmPasskey as confirmPasskeyAt,
  confirmTotp as confirmTotpAt,
  endOwnSession,
  endOwnSessions,
  readAccount,
  removeFactor as removeFactorAt,
  renewRecoveryCodes,
  resetFactors,
} from '../../api/account.ts'
import {
  challengePasskey as challengePasskeyAt,
  ownFactors,
  proveLogIn as proveLogInAt,
  refreshSession as refreshSessionAt,
} from '../../api/session.ts'
import { Problem } from '../../domain/problem.ts'
import { serve, type Context } from '../http/serve.ts'
import type { Tx } from '../db/database.ts'
import {
  beginTotp,
  confirmTotp,
  factorKindsOf,
  keepRecoveryCodes,
  lockForFactor,
  makeRecoveryCodes,
  readFactors,
  removeFactor,
  resetFactorsOf,
} from './factors.ts'
import { getIn, proveLogIn, refreshSession, type Door, type Where } from './log-in.ts'
import { beginPasskey, challengePasskey, keepPasskey, madePasskey } from './passkeys.ts'
import { readPerson } from './people.ts'
import { closeOwnSession, closeSessionsOf, sessionsOf } from './sessions.ts'

/** What the routes of the own account are given besides the door. */
export interface AccountDeps {
  /** Puts the cookie of a session's new token into the answer, or takes it away. */
  setCookie: (context: Context, token: string | null) => void
  endLive: (hotlineId: string, of: { session: string } | { personId: string }) => void
  leaveDuty: (person: { hotlineId: string; personId: string }) => Promise<void>
}

/** Tries at a second factor of one address in a minute. */
const triesPerMinute = 30

const whereOf = ({ request, address }: Context): Where => ({
  address,
  origin: request.headers.origin ?? `${request.protocol}://${request.host}`,
  host: request.hostname,
})

/** Serves the second step of a log-in, being asked again, and the own account. */
export function accountRoutes(app: FastifyInstance, door: Door, deps: AccountDeps): void {
  proofRoutes(app, door, deps)
  factorRoutes(app, door, deps)
  ownRoutes(app, deps)
}

function proofRoutes(app: FastifyInstance, door: Door, deps: AccountDeps): void {
  const limits = { perMinute: triesPerMinute }
  serve(
    app,
    challengePasskeyAt,
    async (context) => {
      const { person } = context
      const options = await context.tx((tx) =>
        challengePasskey(door, tx, person, whereOf(context), context.now()),
      )
      return { options }
    },
    limits,
  )
  serve(
    app,
    proveLogInAt,
    async (context, { body }) => {
      const { token, me } = await proveLogIn(
        door,
        context.person,
        body.proof,
        whereOf(context),
        context.now(),
      )
      deps.setCookie(context, token)
      return me
    },
    limits,
  )
  serve(app, checkFresh, async () => ({ done: true }) as const)
  serve(app, ownFactors, async (context) => ({
    factors: await context.tx((tx) => factorKindsOf(tx, context.person.personId)),
  }))
  serve(
    app,
    refreshSessionAt,
    async (context, { body }) => {
      await refreshSession(door, context.person, body, whereOf(context), context.now())
      return { done: true } as const
    },
    limits,
  )
}

/** What a new factor brings: with the first one recovery codes, and who was only logging in is in. */
async function welcome(
  context: Context,
  door: Door,
  deps: AccountDeps,
  kind: string,
  add: (tx: Tx) => Promise<boolean>,
): Promise<{ recoveryCodes: string[] | null }> {
  const { person } = context
  const made = await makeRecoveryCodes()
  const result = await context.tx(async (tx) => {
    const isFirst = await add(tx)
    const recoveryCodes = isFirst ? await keepRecoveryCodes(tx, person, made) : null
    const given = { now: context.now(), by: kind }
    const entered = person.isIn ? null : await getIn(door, tx, person, whereOf(context), given)
    await context.audit(tx, 'factor.added', person.personId, null, { kind })
    return { recoveryCodes, token: entered?.token ?? null }
  })
  if (result.token !== null) deps.setCookie(context, result.token)
  return { recoveryCodes: result.recoveryCodes }
}

function factorRoutes(app: FastifyInstance, door: Door, deps: AccountDeps): void {
  const limits = { perMinute: triesPerMinute }
  serve(
    app,
    beginTotpAt,
    (context) => context.tx((tx) => beginTotp(door, tx, context.person, context.now())),
    limits,
  )
  serve(
    app,
    confirmTotpAt,
    (context, { body }) =>
      welcome(context, door, deps, 'totp', (tx) =>
        confirmTotp(door, tx, context.person, body, context.now()),
      ),
    limits,
  )
  serve(
    app,
    beginPasskeyAt,
    async (context) => {
      const options = await context.tx(async (tx) => {
        await lockForFactor(tx, context.person)
        return beginPasskey(door, tx, context.person, whereOf(context), context.now())
      })
      return { options }
    },
    limits,
  )
  serve(
    app,
    confirmPasskeyAt,
    async (context, { body }) => {
      const { person } = context
      const made = await madePasskey(door, person, body.answer, whereOf(context), context.now())
      return welcome(context, door, deps, 'passkey', async (tx) => {
        const isFirst = await lockForFactor(tx, person)
        await keepPasskey(door, tx, person, { ...made, name: body.name }, context.now())
        return isFirst
      })
    },
    limits,
  )
}

function ownRoutes(app: FastifyInstance, deps: AccountDeps): void {
  serve(app, readAccount, (context) =>
    context.tx(async (tx) => ({
      sessions: await sessionsOf(tx, context.person, context.now()),
      ...(await readFactors(tx, context.person.personId)),
      required: await isRequired(tx),
    })),
  )
  serve(app, removeFactorAt, async (context, { params }) => {
    const { personId } = context.person
    await context.tx(async (tx) => {
      await removeFactor(tx, personId, params.factorId, await isRequired(tx))
      await context.audit(tx, 'factor.removed', params.factorId)
    })
    return { done: true } as const
  })
  serve(app, renewRecoveryCodes, async (context) => {
    const made = await makeRecoveryCodes()
    const recoveryCodes = await context.tx(async (tx) => {
      const codes = await keepRecoveryCodes(tx, context.person, made)
      await context.audit(tx, 'factor.codesRenewed', context.person.personId)
      return codes
    })
    return { recoveryCodes }
  })
  serve(app, endOwnSession, async (context, { params }) => {
    const session = await context.tx(async (tx) => {
      const ended = await closeOwnSession(tx, context.person.personId, params.sessionId)
      await context.audit(tx, 'session.closed', params.sessionId)
      return ended
    })
    deps.endLive(context.hotlineId, { session })
    return { done: true } as const
  })
  serve(app, endOwnSessions, async (context) => {
    const { hotlineId, personId } = context.person
    await deps.leaveDuty({ hotlineId, personId })
    await context.tx(async (tx) => {
      await closeSessionsOf(tx, personId, null)
      await context.audit(tx, 'session.closedAll', personId)
    })
    deps.endLive(hotlineId, { personId })
    deps.setCookie(context, null)
    return { done: true } as const
  })
  serve(app, resetFactors, async (context, { params }) => {
    const { hotlineId, person } = context
    const { personId } = params
    // One's own are changed in the own account, where the present factor is asked for.
    if (personId === person.personId) throw new Problem('permission.denied')
    await context.tx(async (tx) => {
      await readPerson(tx, personId)
      await resetFactorsOf(tx, personId, { actor: person.personId, now: context.now() })
    })
    deps.endLive(hotlineId, { personId })
    return { done: true } as const
  })
}

const isRequired = async (tx: Tx): Promise<boolean> =>
  !(await tx.selectFrom('hotline').select('demo').executeTakeFirstOrThrow()).demo
