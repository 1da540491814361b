import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { lineOf } from '../../domain/checkpoint.ts'
import { aHotline, freshDatabase } from '../../test/database.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline } from '../db/database.ts'
import { openKeys } from '../records/keys.ts'
import { faultOfLine, faultsOf, makeCheckpoint, type Fault } from './verify.ts'

const { db, forced } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'hearthline-checkpoints-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const keys = openKeys(folder, null)
const keyOf = (of: string): string => keys.signer(of).toString('base64url')
const at = new Date('2026-11-21T04:00:00.123Z')
let hotlineId: string

beforeEach(async () => {
  hotlineId = await aHotline(db)
})

const happen = (times: number): Promise<void> =>
  inHotline(db, hotlineId, async (tx) => {
    for (let n = 0; n < times; n += 1)
      await appendAudit(tx, { at, actor: null, action: 'test.done', data: { n } })
  })

const made = async (): Promise<string> => {
  const checkpoint = await makeCheckpoint(db, keys, hotlineId, at)
  if (!checkpoint) throw new Error('no checkpoint')
  return lineOf(checkpoint)
}

const found = async (publicKey = keyOf(hotlineId)): Promise<Fault[]> => {
  const faults: Fault[] = []
  const seen = { links: 0, recordings: 0 }
  for await (const fault of faultsOf(db, hotlineId, null, seen, publicKey)) faults.push(fault)
  return faults
}

/** Takes the whole chain from an entry on and writes another one in its place, all hashes right. */
const rewrite = (from: number): Promise<unknown> =>
  forced(`do $$
    declare e record; h bytea := coalesce((select hash from audit_event where hotline_id = '${hotlineId}' and seq = ${from} - 1), '\\x');
    begin
      for e in select * from audit_event where hotline_id = '${hotlineId}' and seq >= ${from} order by seq loop
        h := sha256(h || convert_to(concat_ws('|', e.seq, extract(epoch from e.at), coalesce(e.actor::text, ''), 'test.forged',
          e.subject, coalesce(e.contact_id::text, ''), e.data::text), 'UTF8'));
        update audit_event set action = 'test.forged', hash = h where hotline_id = e.hotline_id and seq = e.seq;
      end loop;
      update audit_chain set hash = h where hotline_id = '${hotlineId}';
    end $$`)

test('G24-7.3: a chain that was rewritten whole, every hash right, is found by the checkpoints of before', async () => {
  await happen(3)
  await made()
  await happen(3)
  await made()
  expect(await found()).toEqual([])
  await rewrite(5)
  expect(await found()).toEqual([{ of: 'checkpoint', where: '2', what: 'rewritten' }])
  await rewrite(1)
  expect(await found()).toMatchObject([{ where: '1' }, { where: '2' }])
})

test('G24-7.3: when the chain and its checkpoints were rewritten, the line that somebody outside kept tells', async () => {
  await happen(4)
  const line = await made()
  const key = keyOf(hotlineId)
  expect(await faultOfLine(db, hotlineId, line, key)).toBeNull()
  await rewrite(2)
  await forced(`delete from audit_checkpoint where hotline_id = '${hotlineId}'`)
  await made()
  expect(await found()).toEqual([])
  expect(await faultOfLine(db, hotlineId, line, key)).toEqual({
    of: 'checkpoint',
    where: '1',
    what: 'rewritten',
  })
})

test('G24-7.3: a chain that was cut off, heads and all, is found by a checkpoint that reaches further', async () => {
  await happen(4)
  const line = await made()
  await forced(`delete from audit_event where hotline_id = '${hotlineId}' and seq > 2;
    update audit_chain set seq = 2, hash = (select hash from audit_event e where e.hotline_id = '${hotlineId}' and e.seq = 2)
    where hotline_id = '${hotlineId}'`)
  expect(await found()).toEqual([{ of: 'checkpoint', where: '1', what: 'cut-off' }])
  expect(await faultOfLine(db, hotlineId, line, null)).toMatchObject({ what: 'cut-off' })
})

test('a changed, a missing and a foreign checkpoint are each told', async () => {
  for (let n = 0; n < 3; n += 1) {
    await happen(1)
    await made()
  }
  const of = `where hotline_id = '${hotlineId}' and number =`
  await forced(`update audit_checkpoint set at = at + interval '1 second' ${of} 1`)
  expect(await found()).toEqual([{ of: 'checkpoint', where: '1', what: 'changed' }])
  await forced(
    `update audit_checkpoint set at = at - interval '1 second' ${of} 1; delete from audit_checkpoint ${of} 2`,
  )
  expect(await found()).toEqual([{ of: 'checkpoint', where: '2', what: 'missing' }])
  const mine = hotlineId
  hotlineId = await aHotline(db)
  await happen(1)
  await made()
  const foreign = keyOf(hotlineId)
  hotlineId = mine
  expect((await found(foreign)).filter((fault) => fault.what === 'foreign')).toHaveLength(2)
})

test('nothing new makes no new checkpoint, two at once make one, and an empty chain none', async () => {
  expect(await makeCheckpoint(db, keys, hotlineId, at)).toBeNull()
  await happen(2)
  const lines = await Promise.all([made(), made(), made()])
  expect(new Set(lines).size).toBe(1)
  expect(await made()).toBe(lines[0])
})

test('with another signing key than before no checkpoint is made', async () => {
  await happen(1)
  await made()
  rmSync(join(folder, 'keys', `${hotlineId}.signing.sealed`))
  rmSync(join(folder, 'keys', `${hotlineId}.signing.pub`))
  await happen(1)
  await expect(made()).rejects.toThrow(/put the right one back/)
  expect(await found()).toEqual([{ of: 'checkpoint', where: '1', what: 'foreign' }])
})

test('G24-7.3: the product itself can neither change nor remove a checkpoint', async () => {
  await happen(1)
  await made()
  for (const deed of ['update audit_checkpoint set seq = 1', 'delete from audit_checkpoint'])
    await expect(inHotline(db, hotlineId, (tx) => sql.raw(deed).execute(tx))).rejects.toMatchObject({
      code: '42501',
    })
})
