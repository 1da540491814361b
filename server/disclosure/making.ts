/* Makes packages: long recordings take longer than a browser waits, so the making goes on after the answer. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { appendAudit } from '../db/audit.ts'
import { inHotline, type Database } from '../db/database.ts'
import { readHotline } from '../lines/lines.ts'
import type { Keys } from '../records/keys.ts'
import { soundOf, type Places } from '../records/records.ts'
import { packageFiles } from './contents.ts'
import { moveOn, receiptHash, toBePackaged, type Doer } from './disclosure.ts'
import { writePackage } from './package.ts'
import { noteOnContact } from './queries.ts'

/** What packages are made with. */
export interface MakingGround {
  db: Database
  keys: Keys
  dataFolder: string
  /** Where recordings lie. */
  places: Places
  now: () => Date
}

/** Packages: made, kept until their receipt, and gone. */
export interface Packages {
  /** Makes the package of an approved disclosure; a second call while it is being made waits for the same one. */
  make: (doer: Doer, disclosureId: string) => Promise<void>
  isMaking: (disclosureId: string) => boolean
  pathOf: (hotlineId: string, disclosureId: string) => string
  isKept: (hotlineId: string, disclosureId: string) => boolean
  /** Takes the file away: after the receipt nobody needs it, and only its receiver could open it. */
  forget: (hotlineId: string, disclosureId: string) => Promise<void>
}

/** Packages in the data folder's `packages/`, by hotline. */
export function openPackages(ground: MakingGround): Packages {
  const running = new Map<string, Promise<void>>()
  const pathOf = (hotlineId: string, disclosureId: string): string =>
    join(ground.dataFolder, 'packages', hotlineId, `${disclosureId}.age`)
  return {
    pathOf,
    isMaking: (disclosureId) => running.has(disclosureId),
    isKept: (hotlineId, disclosureId) => existsSync(pathOf(hotlineId, disclosureId)),
    forget: (hotlineId, disclosureId) => rm(pathOf(hotlineId, disclosureId), { force: true }),
    make(doer, disclosureId) {
      const known = running.get(disclosureId)
      if (known) return known
      const fresh = makeOne(ground, doer, disclosureId, pathOf(doer.hotlineId, disclosureId)).finally(() =>
        running.delete(disclosureId),
      )
      running.set(disclosureId, fresh)
      return fresh
    },
  }
}

async function makeOne(ground: MakingGround, doer: Doer, disclosureId: string, path: string): Promise<void> {
  const { db, keys, places } = ground
  const { hotlineId, asker } = doer
  const { hotline, row, wish, contacts } = await inHotline(db, hotlineId, async (tx) => ({
    hotline: await readHotline(tx),
    ...(await toBePackaged(tx, doer, disclosureId)),
  }))
  const vault = { places, identityOf: (of: string) => keys.recordingIdentity(of) }
  const made = await writePackage(path, {
    head: {
      format: 'hearthline-package',
      version: 1,
      packageId: disclosureId,
      number: row.number,
      hotline: hotline.name,
      receiver: row.receiver,
      recipient: row.recipient,
      purpose: row.purpose,
      basis: row.basis,
      madeAt: ground.now().toISOString(),
    },
    files: packageFiles({
      wish,
      contacts,
      openNumber: (sealed) => doer.sealing.numbers.open(sealed),
      language: hotline.language,
      zone: hotline.timeZone,
      sound: (recordingId) =>
        inHotline(db, hotlineId, (tx) => soundOf(tx, vault, hotlineId, recordingId, undefined)),
    }),
    signer: {
      publicKey: keys.signer(hotlineId),
      sign: (message) => keys.sign(hotlineId, message),
    },
  })
  const { sha256, bytes, entries } = made
  const by = { personId: asker.personId, now: ground.now() }
  try {
    await inHotline(db, hotlineId, async (tx) => {
      const noted = { disclosureId, number: row.number }
      for (const contact of contacts)
        await noteOnContact(tx, contact.row.contact_id, by.now, by.personId, noted)
      const data = { sha256, bytes, entries, receipt: receiptHash(made.receipt) }
      await moveOn(tx, disclosureId, 'package', by, data)
      for (const contact of contacts)
        await appendAudit(tx, {
          at: by.now,
          actor: by.personId,
          action: 'disclosure.packaged',
          subject: disclosureId,
          contactId: contact.row.contact_id,
          data: { purpose: row.purpose, basis: row.basis, sha256 },
        })
    })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}
