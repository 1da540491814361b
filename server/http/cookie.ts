/* The session's cookie: its name, and which of a request's cookies it is. */
import type { CookieSerializeOptions } from '@fastify/cookie'

const plainName = 'hearthline_session'
/** Browsers keep such a name for what this very host set by HTTPS: no neighbour of its domain can put one in. */
const hostName = `__Host-${plainName}` as const

/** Name of the session's cookie; a LAN may begin without HTTPS, and there no browser keeps the guarded name. */
export const sessionCookie = (secure: boolean): string => (secure ? hostName : plainName)

/** The session's token among a request's cookies; by HTTPS only what a neighbouring host cannot have set. */
export const sessionToken = (
  cookies: Readonly<Record<string, string | undefined>>,
  secure: boolean,
): string | undefined => cookies[hostName] ?? (secure ? undefined : cookies[plainName])

/** How the session's cookie is set. */
export const cookieKind = (secure: boolean): CookieSerializeOptions => ({
  path: '/',
  httpOnly: true,
  sameSite: 'strict',
  secure,
})
