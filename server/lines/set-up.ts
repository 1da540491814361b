/* The first start: a one-time link that creates the hotline, or the furnished demonstration. */
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { setUp as setUpAt } from '../../api/session.ts'
import type { Role } from '../../domain/permission.ts'
import { Problem } from '../../domain/problem.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, outside, type Database, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { demoPassphrase, makePerson } from '../identity/identity.ts'
import { prepareKeys } from '../records/data-keys.ts'
import type { Keys } from '../records/keys.ts'
import { furnishDirectory } from '../referral/referral.ts'
import { openLine } from './lines.ts'
import { registerShipped } from './prompts.ts'
import { addSeat } from './seats.ts'

/** How long a set-up link opens; the next start makes a new one. */
const linkMs = 24 * 3_600_000
type Wanted = Omit<z.output<(typeof setUpAt)['body']>, 'token'>

/** Where a new hotline is made. */
export interface Site {
  db: Database
  keys: Keys
  dataFolder: string
  now: () => Date
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Whether there is no hotline yet. */
export async function setUpNeeded(db: Database): Promise<boolean> {
  const { rows } = await outside(() =>
    sql<{ needed: boolean }>`select set_up_needed() needed`.execute(db.doors),
  )
  return rows[0]?.needed === true
}

/** Makes the token of a set-up link; earlier ones stop working. */
export async function makeSetUpToken({ db, now }: Site): Promise<string> {
  const token = randomBytes(24).toString('base64url')
  await outside(async () => {
    await sql`update setup_link set used_at = ${now()} where used_at is null`.execute(db.doors)
    await sql`insert into setup_link (token_hash, expires_at)
      values (${hashOf(token)}, ${new Date(now().getTime() + linkMs)})`.execute(db.doors)
  })
  return token
}

/** Creates the hotline by its one-time link; `setup.alreadyDone`, `setup.linkInvalid`, `person.weakPassphrase`. */
export async function setUp(site: Site, token: string, wanted: Wanted): Promise<string> {
  if (!(await setUpNeeded(site.db))) throw new Problem('setup.alreadyDone')
  const hotlineId = newId()
  await site.keys.makeRecordingKeys(hotlineId)
  await inHotline(site.db, hotlineId, async (tx) => {
    const used = await sql`update setup_link set used_at = ${site.now()}
      where token_hash = ${hashOf(token)} and used_at is null and expires_at > ${site.now()}
      returning 1`.execute(tx)
    if (used.rows.length === 0) throw new Problem('setup.linkInvalid')
    await furnish(site, tx, hotlineId, wanted)
  })
  await prepareKeys(site.db, site.keys, hotlineId)
  return hotlineId
}

async function furnish(site: Site, tx: Tx, hotlineId: string, wanted: Wanted): Promise<void> {
  const now = site.now()
  await makeHotline(site, tx, hotlineId, { ...wanted, name: wanted.hotline, demo: false })
  const personId = await makePerson(tx, hotlineId, {
    ...wanted.administrator,
    roles: ['administrator'],
    lineIds: [],
  })
  const by = { personId, now }
  await openLine(
    tx,
    hotlineId,
    { name: wanted.lineName, number: wanted.lineNumber, kind: 'general', everybody: true },
    by,
  )
  const seatName = wanted.language === 'en' ? 'Seat' : '坐席'
  for (let seat = 1; seat <= wanted.seats; seat += 1)
    await addSeat(tx, site.keys, hotlineId, { name: `${seatName} ${seat}`, kind: 'browser', ownerId: null })
  await appendAudit(tx, { at: now, actor: personId, action: 'hotline.created', subject: hotlineId })
}

async function makeHotline(
  site: Site,
  tx: Tx,
  hotlineId: string,
  given: { name: string; department: string; language: 'zh-CN' | 'en'; demo: boolean },
): Promise<void> {
  const { name, department, language, demo } = given
  await tx.insertInto('hotline').values({ hotline_id: hotlineId, name, department, language, demo }).execute()
  await tx.insertInto('audit_chain').values({ hotline_id: hotlineId }).execute()
  await registerShipped(tx, hotlineId, site.dataFolder)
}

const demoPeople: readonly { name: string; displayName: string; role: Role }[] = [
  { name: 'admin', displayName: '行政管理员', role: 'administrator' },
  { name: 'supervisor', displayName: '督导员', role: 'supervisor' },
  { name: 'counsellor1', displayName: '咨询员一', role: 'counsellor' },
  { name: 'counsellor2', displayName: '咨询员二', role: 'counsellor' },
  { name: 'counsellor3', displayName: '咨询员三', role: 'counsellor' },
  { name: 'counsellor4', displayName: '咨询员四', role: 'counsellor' },
  { name: 'custodian', displayName: '资料保管员', role: 'custodian' },
  { name: 'security', displayName: '安全管理员', role: 'security' },
  { name: 'auditor', displayName: '审计员', role: 'auditor' },
  { name: 'department', displayName: '主管部门', role: 'department' },
  { name: 'evaluator', displayName: '第三方评估员', role: 'evaluator' },
]
const demoSeats = [
  { name: '坐席1', kind: 'browser', owner: 'counsellor1' },
  { name: '坐席2', kind: 'browser', owner: 'counsellor2' },
  { name: '督导席', kind: 'browser', owner: 'supervisor' },
  { name: '备用席', kind: 'browser', owner: null },
  { name: '话机1', kind: 'phone', owner: 'counsellor3', sipUser: 'phone1' },
  { name: '话机2', kind: 'phone', owner: 'counsellor4', sipUser: 'phone2' },
] as const

/** Makes the furnished hotline 示范热线 (design.md, doors: demo); returns its id. */
export async function furnishDemo(site: Site): Promise<string> {
  const hotlineId = newId()
  const now = site.now()
  await site.keys.makeRecordingKeys(hotlineId)
  await inHotline(site.db, hotlineId, async (tx) => {
    const about = { name: '示范热线', department: '示范主管部门', language: 'zh-CN', demo: true } as const
    await makeHotline(site, tx, hotlineId, about)
    const ids = new Map<string, string>()
    for (const { name, displayName, role } of demoPeople) {
      const given = { name, displayName, roles: [role], lineIds: [], passphrase: demoPassphrase, demo: true }
      ids.set(name, await makePerson(tx, hotlineId, given))
    }
    const by = { personId: ids.get('admin') ?? null, now }
    const general = { name: '心理援助热线', number: '1001', kind: 'general', everybody: true } as const
    await openLine(tx, hotlineId, general, by)
    await openLine(tx, hotlineId, { ...general, name: '应急心理援助专线', number: '1002', kind: 'event' }, by)
    for (const seat of demoSeats) {
      const { name, kind } = seat
      const sip = 'sipUser' in seat ? { sipUser: seat.sipUser, sipPassword: demoPassphrase } : {}
      const ownerId = seat.owner === null ? null : (ids.get(seat.owner) ?? null)
      await addSeat(tx, site.keys, hotlineId, { name, kind, ownerId, ...sip })
    }
    await furnishDirectory(tx, hotlineId, by)
    await appendAudit(tx, { at: now, actor: null, action: 'hotline.created', subject: hotlineId })
  })
  await prepareKeys(site.db, site.keys, hotlineId)
  return hotlineId
}
