import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { apartIn, roles, type Role } from '../../domain/permission.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database, type Tx } from '../db/database.ts'
import { makePerson, resetFactorsOf, setPassphrase } from '../identity/identity.ts'
import { allHotlines } from '../db/hotlines.ts'

/** Why a command cannot be done: one sentence. */
export class CommandRefused extends Error {}

const usage = `npx hearthline user list
npx hearthline user add NAME --role ROLE [--display NAME]    roles: ${roles.join(' ')}
npx hearthline user passphrase NAME
npx hearthline user reset-factors NAME    takes second factors away; a new one is set up at the next log-in
The passphrase is read from the standard input when something is piped in, else one is made and printed once.`

/** `user list`, `user add`, `user passphrase`, `user reset-factors`: for the day nobody can log in any more. */
export async function workOnUsers(db: Database, args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      role: { type: 'string', multiple: true },
      display: { type: 'string' },
      hotline: { type: 'string' },
    },
  })
  const [verb, name] = positionals
  const hotlineId = await chosenHotline(db, values.hotline)
  if (verb === 'list') return inHotline(db, hotlineId, printPeople)
  if (name === undefined) throw new CommandRefused(usage)
  if (verb === 'add') return addUser(db, hotlineId, name, values.display ?? name, rolesIn(values.role ?? []))
  if (verb === 'passphrase') return renew(db, hotlineId, name)
  if (verb === 'reset-factors') return resetFactors(db, hotlineId, name)
  throw new CommandRefused(usage)
}

async function chosenHotline(db: Database, wanted: string | undefined): Promise<string> {
  const hotlines = await allHotlines(db)
  const chosen =
    wanted === undefined && hotlines.length === 1 ? hotlines[0] : hotlines.find((one) => one === wanted)
  if (chosen !== undefined) return chosen
  if (hotlines.length === 0)
    throw new CommandRefused(
      'There is no hotline yet: start Hearthline and open the link it prints. 尚未创建热线。',
    )
  throw new CommandRefused(`There are several hotlines, say which: --hotline ${hotlines.join(' | ')}`)
}

function rolesIn(given: string[]): Role[] {
  const held = roles.filter((role) => given.includes(role))
  if (held.length === 0 || held.length < given.length) throw new CommandRefused(usage)
  const apart = apartIn(held)
  if (apart)
    throw new CommandRefused(
      `One person cannot be ${apart.join(' and ')}: separation of duties. 这两个角色不能由一人担任。`,
    )
  return held
}

async function printPeople(tx: Tx): Promise<void> {
  const people = await tx
    .selectFrom('person')
    .select(['name', 'display_name', 'roles', 'disabled_at', 'locked_until'])
    .orderBy('name')
    .execute()
  for (const one of people) {
    const state = one.disabled_at ? 'disabled' : (one.locked_until ?? 0) > new Date() ? 'locked' : 'active'
    console.log([one.name, one.display_name, one.roles.join(','), state].join('\t'))
  }
}

async function addUser(
  db: Database,
  hotlineId: string,
  name: string,
  displayName: string,
  held: Role[],
): Promise<void> {
  const passphrase = await givenOrMade()
  await inHotline(db, hotlineId, async (tx) => {
    const lines = await tx.selectFrom('line').select('line_id').where('closed_at', 'is', null).execute()
    const lineIds = held.some((role) => role === 'counsellor' || role === 'supervisor')
      ? lines.map((line) => line.line_id)
      : []
    const personId = await makePerson(tx, hotlineId, { name, displayName, roles: held, lineIds, passphrase })
    const entry = { action: 'person.added', subject: personId, data: { roles: held, by: 'command line' } }
    await appendAudit(tx, { at: new Date(), actor: null, ...entry })
  })
  console.log(`${name} can log in. 已添加。`)
}

async function renew(db: Database, hotlineId: string, name: string): Promise<void> {
  const passphrase = await givenOrMade()
  await inHotline(db, hotlineId, async (tx) => {
    const personId = await idOf(tx, name)
    await setPassphrase(tx, { personId, name }, passphrase)
    const entry = { action: 'passphrase.changed', subject: personId, data: { by: 'command line' } }
    await appendAudit(tx, { at: new Date(), actor: null, ...entry })
  })
  console.log(
    `${name} has a new passphrase, is not locked any more, and was logged out everywhere. 密码已更新。`,
  )
}

async function resetFactors(db: Database, hotlineId: string, name: string): Promise<void> {
  await inHotline(db, hotlineId, async (tx) =>
    resetFactorsOf(tx, await idOf(tx, name), {
      actor: null,
      now: new Date(),
      data: { by: 'command line' },
    }),
  )
  console.log(
    `${name} has no second factor any more, was logged out everywhere, and sets one up at the next log-in. 已清除第二因素,下次登录时重新设置。`,
  )
}

async function idOf(tx: Tx, name: string): Promise<string> {
  const person = await tx.selectFrom('person').select('person_id').where('name', '=', name).executeTakeFirst()
  if (!person) throw new CommandRefused(`Nobody is called ${name}. 没有此用户。`)
  return person.person_id
}

/** Never an argument: those are seen by everybody on the machine and kept by shells. */
async function givenOrMade(): Promise<string> {
  if (!process.stdin.isTTY) {
    let text = ''
    for await (const piece of process.stdin) text += String(piece)
    const [line = ''] = text.split('\n')
    if (line.trim() !== '') return line.trim()
  }
  const made = Array.from({ length: 4 }, () =>
    Array.from({ length: 5 }, () => 'abcdefghjkmnpqrstuvwxyz23456789'[randomInt(31)] ?? 'x').join(''),
  ).join('-')
  console.log(`Passphrase 密码: ${made}`)
  return made
}
