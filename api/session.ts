/** Log-in, the person's own session, and the one-time set-up of a hotline. */
import { z } from 'zod'
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

/** Logs in with name and passphrase; sets the session cookie (HttpOnly, SameSite=Strict). */
export const logIn = endpoint({
  method: 'POST',
  path: '/api/v1/session',
  needs: 'anyone',
  summary: 'Log in with name and passphrase',
  body: z.strictObject({ name: z.string().trim().min(1).max(60), passphrase: z.string().min(1).max(200) }),
  reply: me,
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
  body: z.strictObject({ old: z.string().max(200), fresh: z.string().min(1).max(200) }),
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
      passphrase: z.string().min(12).max(200),
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
