import { beforeAll, expect, test } from 'vitest'
import { addPerson, changePerson } from '../../api/administration.ts'
import type { Role } from '../../domain/permission.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'

const { db, owner, ask, cookieOf } = await openTestApp()
let hotlineId: string
let admin: { personId: string; cookie: string }

const anAsker = async (roles: Role[]): Promise<{ personId: string; cookie: string }> => {
  const { personId } = await aPerson(db, hotlineId, { roles })
  return { personId, cookie: await cookieOf(hotlineId, personId) }
}

beforeAll(async () => {
  hotlineId = await aHotline(db)
  await aPerson(db, hotlineId, { roles: ['administrator'] })
  admin = await anAsker(['administrator'])
})

let names = 0
const about = (roles: Role[]) => {
  names += 1
  return { name: `职员${names}`, displayName: '职员', roles, languages: [], lineIds: [] }
}
const add = (cookie: string, roles: Role[]): Promise<Answer> =>
  ask(addPerson, { cookie, body: { ...about(roles), passphrase: '好记又安全的一句话就行啦' } })
const give = (cookie: string, personId: string, roles: Role[]): Promise<Answer> =>
  ask(changePerson, { cookie, params: { personId }, body: { ...about(roles), disabled: false } })

test.each<[Role, Role]>([
  ['administrator', 'security'],
  ['administrator', 'auditor'],
  ['security', 'auditor'],
  ['custodian', 'supervisor'],
])('nobody new or old comes to be %s and %s at once, and the refusal names them', async (one, other) => {
  const refused = { status: 409, body: { code: 'role.apart', detail: { roles: expect.any(Array) } } }
  expect(await add(admin.cookie, [one, other])).toMatchObject(refused)
  const { personId } = await aPerson(db, hotlineId, { roles: [one] })
  expect(await give(admin.cookie, personId, [one, other])).toMatchObject(refused)
  expect(await owner('select roles from person where person_id = $1', [personId])).toEqual([{ roles: [one] }])
})

test('nobody gives roles to themselves; names and lines of their own they may change', async () => {
  expect(await give(admin.cookie, admin.personId, ['administrator', 'supervisor'])).toMatchObject({
    status: 409,
    body: { code: 'role.own' },
  })
  expect((await give(admin.cookie, admin.personId, ['administrator'])).status).toBe(200)
})

test('once there is a security officer who is not disabled, roles come from them alone', async () => {
  await owner(`update person set disabled_at = now() where 'security' = any(roles)`)
  const { personId } = await aPerson(db, hotlineId)
  const added = await add(admin.cookie, ['security'])
  expect(added.status).toBe(200)
  const officer = await cookieOf(hotlineId, String(added.body['personId']))
  const refused = { status: 403, body: { code: 'role.needsSecurity' } }
  expect(await add(admin.cookie, ['counsellor'])).toMatchObject(refused)
  expect(await give(admin.cookie, personId, ['supervisor'])).toMatchObject(refused)
  expect((await give(admin.cookie, personId, ['counsellor'])).status).toBe(200)
  expect((await give(officer, personId, ['supervisor'])).status).toBe(200)
})
