import type { FastifyInstance } from 'fastify'
import {
  addPerson,
  changePerson as changePersonAt,
  listPeople as listPeopleAt,
} from '../../api/administration.ts'
import {
  changePassphrase as changePassphraseAt,
  logIn as logInAt,
  logOut,
  whoAmI,
} from '../../api/session.ts'
import { Problem } from '../../domain/problem.ts'
import { sessionMs } from '../../domain/session-limit.ts'
import { beforeChange } from '../db/fingerprint.ts'
import type { Live } from '../http/live.ts'
import { cookieKind, sessionCookie } from '../http/cookie.ts'
import { isSecure, serve, servePublic, type PublicContext, type SessionPerson } from '../http/serve.ts'
import type { Keys } from '../records/keys.ts'
import { accountRoutes } from './account-routes.ts'
import { changePassphrase, makePerson, readMe } from './identity.ts'
import { logIn } from './log-in.ts'
import { changePerson, checkRoles, listPeople, readPerson } from './people.ts'
import { closeSession } from './sessions.ts'

/** What the routes of identity are given. */
export interface IdentityDeps {
  keys: Keys
  live: Pick<Live, 'publish' | 'endSession'>
  /** Takes the person off duty; throws `duty.inCall` while a call is up. */
  leaveDuty: (person: { hotlineId: string; personId: string }) => Promise<void>
  /** Told when staff have changed: who may answer which line is known to the queue. */
  changed: (hotlineId: string) => void
  /** Whether the product was started as a demonstration. */
  demo: boolean
}

/** Log-ins of one address in a minute. */
const logInsPerMinute = 60

/** Serves log-in, log-out, the own account, and staff. */
export function identityRoutes(app: FastifyInstance, deps: IdentityDeps): void {
  sessionRoutes(app, deps)
  peopleRoutes(app, deps)
}

function sessionRoutes(app: FastifyInstance, deps: IdentityDeps): void {
  const door = { db: app.ground.db, keys: deps.keys }
  const setCookie = (context: PublicContext, token: string | null): void => {
    const secure = isSecure(context.request)
    const [name, kind] = [sessionCookie(secure), cookieKind(secure)]
    if (token === null) {
      context.reply.clearCookie(name, kind)
      // What the browser kept of pages that were seen goes with the session (by HTTPS alone browsers heed it).
      context.reply.header('clear-site-data', '"cache"')
    } else context.reply.setCookie(name, token, { ...kind, maxAge: sessionMs / 1000 })
  }
  servePublic(
    app,
    logInAt,
    async (context, { body }) => {
      const { address, request } = context
      const agent = request.headers['user-agent'] ?? ''
      const given = { ...body, address, agent, now: context.now(), demo: deps.demo }
      const { token, entered } = await logIn(door, given)
      setCookie(context, token)
      return entered
    },
    { perMinute: logInsPerMinute },
  )
  serve(app, whoAmI, (context) => context.tx((tx) => readMe(tx, context.person.personId)))
  serve(app, logOut, async (context) => {
    const { person, hotlineId } = context
    await deps.leaveDuty(person)
    await context.tx(async (tx) => {
      await closeSession(tx, person.session)
      await context.audit(tx, 'session.closed')
    })
    deps.live.endSession(hotlineId, { session: person.session })
    setCookie(context, null)
    return { done: true } as const
  })
  serve(
    app,
    changePassphraseAt,
    async (context, { body }) => {
      await changePassphrase(context.db, context.person, body, context.now())
      return { done: true } as const
    },
    { perMinute: 10 },
  )
  const { live, leaveDuty } = deps
  accountRoutes(app, door, { setCookie, endLive: live.endSession, leaveDuty })
}

function peopleRoutes(app: FastifyInstance, deps: IdentityDeps): void {
  const changed = (hotlineId: string): void => {
    deps.changed(hotlineId)
    deps.live.publish(hotlineId, { right: 'person.change' }, { type: 'changed', what: 'people' })
  }
  serve(app, listPeopleAt, (context, { query }) => context.tx((tx) => listPeople(tx, query)))
  serve(app, addPerson, async (context, { body }) => {
    const person = await context.tx(async (tx) => {
      await checkRoles(tx, context.person, { personId: null, before: [], after: body.roles })
      const { demo } = await tx.selectFrom('hotline').select('demo').executeTakeFirstOrThrow()
      const personId = await makePerson(tx, context.hotlineId, { ...body, demo })
      await context.audit(tx, 'person.added', personId, null, { roles: body.roles })
      return readPerson(tx, personId)
    })
    changed(context.hotlineId)
    return person
  })
  serve(app, changePersonAt, async (context, { params, body }) => {
    const { hotlineId } = context
    const { personId } = params
    const person = await context.tx(async (tx) => {
      const hashes = await beforeChange(tx, 'person', personId)
      const result = await changePerson(tx, hotlineId, personId, body, context.person, context.now())
      const { roles, disabled } = body
      const data = { roles, disabled, passphrase: body.passphrase !== undefined, ...(await hashes()) }
      await context.audit(tx, 'person.changed', personId, null, data)
      return result
    })
    if (body.disabled) await leaveQuietly(deps, { hotlineId, personId })
    if (body.disabled || body.passphrase !== undefined) deps.live.endSession(hotlineId, { personId })
    changed(hotlineId)
    return person
  })
}

/** Who is put out in the middle of a call keeps the caller until the call ends. */
async function leaveQuietly(
  deps: IdentityDeps,
  person: Pick<SessionPerson, 'hotlineId' | 'personId'>,
): Promise<void> {
  try {
    await deps.leaveDuty(person)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
}
