/** Who may do what: the rules of the running server, role by role. */
import { z } from 'zod'
import { groups, rights, roles } from '../domain/permission.ts'
import { purposes, rule } from '../domain/rule.ts'
import { endpoint } from './endpoint.ts'

/** The matrix of roles and rights, with how many people hold each role and who holds two that are apart. */
export const readRoles = endpoint({
  method: 'GET',
  path: '/api/v1/roles',
  needs: 'role.see',
  summary: 'Who may do what, from the rules in force',
  reply: z.object({
    roles: z.array(
      z.object({
        role: z.enum(roles),
        group: z.enum(groups),
        purposes: z.array(z.enum(purposes)),
        apart: z.array(z.enum(roles)),
        people: z.number().int(),
      }),
    ),
    rights: z.array(z.object({ right: z.enum(rights), rules: z.partialRecord(z.enum(roles), rule) })),
    /** People of before the rules, or made by SQL, who hold two roles that are apart. */
    together: z.array(z.object({ displayName: z.string(), roles: z.array(z.enum(roles)) })),
  }),
})
