import { sql } from 'kysely'
import { openMinutes, type Hours } from '../../domain/hours.ts'
import { resourceLexemes, type ResourceFields } from '../../domain/resource.ts'
import { jsonb, type Tx } from '../db/database.ts'

/** An entry as stored; days as text. */
export interface StoredResource {
  resource_id: string
  organisation: string
  service: string
  region: string
  needs: string[]
  populations: string[]
  hours: Hours
  phone: string | null
  address: string
  referral: string
  languages: string[]
  verified_on: string | null
  verify_by: string
  changed_at: Date
  changed_by: string | null
  removed_at: Date | null
}

/** What was entered, of what is stored. */
export const entryOf = (row: StoredResource): ResourceFields & { verifyBy: string } => ({
  organisation: row.organisation,
  service: row.service,
  region: row.region,
  needs: row.needs,
  populations: row.populations,
  hours: row.hours,
  phone: row.phone,
  address: row.address,
  referral: row.referral,
  languages: row.languages,
  verifiedOn: row.verified_on,
  verifyBy: row.verify_by,
})

const columns = sql`r.resource_id, r.organisation, r.service, r.region, r.needs, r.populations, r.hours, r.phone, r.address,
  r.referral, r.languages, r.verified_on::text as verified_on, r.verify_by::text as verify_by, r.changed_at,
  p.display_name as changed_by, r.removed_at`

/** What matching_resources() is asked; `words` is a text query of our own making (domain/resource.ts). */
export interface Match {
  words: string | null
  regions: string[] | null
  minute: number | null
  due: string | null
  order: 'name' | 'newest' | 'verify'
  after: string | null
  limit: number
}

/** The entries that match, in order, one more than the page. */
export async function findResources(tx: Tx, match: Match): Promise<StoredResource[]> {
  const { rows } = await sql<StoredResource>`
    select ${columns} from matching_resources(${match.words}::tsquery, ${match.regions}::text[], ${match.minute}::int,
      ${match.due}::date, ${match.order}, ${match.after}::uuid, ${match.limit + 1}) with ordinality as m(resource_id, place)
    join resource r on r.resource_id = m.resource_id left join person p on p.person_id = r.changed_by
    order by m.place`.execute(tx)
  return rows
}

/** One entry, removed or not. */
export async function findResource(tx: Tx, resourceId: string): Promise<StoredResource | undefined> {
  const { rows } = await sql<StoredResource>`select ${columns} from resource r
    left join person p on p.person_id = r.changed_by where r.resource_id = ${resourceId}`.execute(tx)
  return rows[0]
}

/** Every entry of the directory, for export and for comparing an import with. */
export async function findAllResources(tx: Tx): Promise<StoredResource[]> {
  const { rows } = await sql<StoredResource>`select ${columns} from resource r
    left join person p on p.person_id = r.changed_by
    where r.hotline_id = current_hotline() and r.removed_at is null order by r.region, r.organisation, r.resource_id`.execute(
    tx,
  )
  return rows
}

/** How many entries there are, and how many are due for verification by two days. */
export async function countDue(
  tx: Tx,
  today: string,
  soon: string,
): Promise<{ total: number; overdue: number; soon: number }> {
  const { rows } = await sql<{ total: number; overdue: number; soon: number }>`
    select count(*) as total, count(*) filter (where verify_by <= ${today}::date) as overdue,
      count(*) filter (where verify_by > ${today}::date and verify_by <= ${soon}::date) as soon
    from resource where hotline_id = current_hotline() and removed_at is null`.execute(tx)
  return rows[0] ?? { total: 0, overdue: 0, soon: 0 }
}

/** An entry to be written; `verifyBy` is settled. */
export type Settled = ResourceFields & { resourceId: string; verifyBy: string }

/** Who writes, and when. */
export interface Writer {
  personId: string | null
  now: Date
}

const weekOf = (hours: Hours): string =>
  `{${openMinutes(hours)
    .map(({ from, to }) => `[${from},${to})`)
    .join(',')}}`

/** Entries go in so many at a time. */
const batch = 500

/** Adds entries or changes those whose id is there already (a removed one stays removed). */
export async function saveResources(
  tx: Tx,
  hotlineId: string,
  entries: readonly Settled[],
  by: Writer,
): Promise<void> {
  for (let from = 0; from < entries.length; from += batch) {
    const rows = entries.slice(from, from + batch).map(
      (
        entry,
      ) => sql`(${entry.resourceId}, ${hotlineId}, ${entry.organisation}, ${entry.service}, ${entry.region},
        ${entry.needs}::text[], ${entry.populations}::text[], ${jsonb(entry.hours)}, ${entry.phone}, ${entry.address},
        ${entry.referral}, ${entry.languages}::text[], ${weekOf(entry.hours)}::int4multirange, ${entry.verifiedOn}::date,
        ${entry.verifyBy}::date, array_to_tsvector(${resourceLexemes(entry)}::text[]), ${by.now}, ${by.personId})`,
    )
    await sql`insert into resource (resource_id, hotline_id, organisation, service, region, needs, populations, hours, phone,
        address, referral, languages, open_week, verified_on, verify_by, search, changed_at, changed_by)
      values ${sql.join(rows)}
      on conflict (resource_id) do update set organisation = excluded.organisation, service = excluded.service,
        region = excluded.region, needs = excluded.needs, populations = excluded.populations, hours = excluded.hours,
        phone = excluded.phone, address = excluded.address, referral = excluded.referral, languages = excluded.languages,
        open_week = excluded.open_week, verified_on = excluded.verified_on, verify_by = excluded.verify_by,
        search = excluded.search, changed_at = excluded.changed_at, changed_by = excluded.changed_by`.execute(
      tx,
    )
  }
}

/** Takes the row's lock; false when there is no such entry in the directory (any more). */
export async function lockResource(tx: Tx, resourceId: string): Promise<boolean> {
  const { rows } =
    await sql`select from resource where resource_id = ${resourceId} and removed_at is null for update`.execute(
      tx,
    )
  return rows.length > 0
}

/** Only one import at a time compares with the directory and writes to it. */
export async function lockDirectory(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('resources ' || current_hotline()::text))`.execute(tx)
}

/** Takes an entry out of the directory; false when it was not there. */
export async function markRemoved(tx: Tx, resourceId: string, by: Writer): Promise<boolean> {
  const { rows } = await sql`update resource set removed_at = ${by.now}, changed_by = ${by.personId}
    where resource_id = ${resourceId} and removed_at is null returning 1`.execute(tx)
  return rows.length > 0
}

/** What was offered on a contact, newest first. */
export async function findOffered(
  tx: Tx,
  contactId: string,
): Promise<
  {
    resource_id: string
    organisation: string
    service: string
    phone: string | null
    how: 'offered' | 'read-out' | 'texted' | 'transferred'
    at: Date
    person: string
  }[]
> {
  const found = await tx
    .selectFrom('contact_resource as c')
    .innerJoin('resource as r', 'r.resource_id', 'c.resource_id')
    .innerJoin('person as p', 'p.person_id', 'c.person_id')
    .select(['c.resource_id', 'r.organisation', 'r.service', 'r.phone', 'c.how', 'c.at'])
    .select('p.display_name as person')
    .where('c.contact_id', '=', contactId)
    .orderBy('c.at', 'desc')
    .orderBy('c.contact_resource_id', 'desc')
    .execute()
  return found.map((row) => ({ ...row, how: row.how as 'offered' | 'read-out' | 'texted' | 'transferred' }))
}

/** Writes one thing that was offered; false when it had been written before. */
export async function insertOffered(
  tx: Tx,
  given: {
    contactResourceId: string
    hotlineId: string
    contactId: string
    resourceId: string
    how: string
    at: Date
    personId: string
  },
): Promise<boolean> {
  const { rows } =
    await sql`insert into contact_resource (contact_resource_id, hotline_id, contact_id, resource_id, how, at,
      person_id)
    values (${given.contactResourceId}, ${given.hotlineId}, ${given.contactId}, ${given.resourceId}, ${given.how}, ${given.at},
      ${given.personId})
    on conflict (contact_id, resource_id, how) do nothing returning 1`.execute(tx)
  return rows.length > 0
}

/** Adds to the contact's chain that a resource was offered; its id and the way, no words. */
export async function appendEvent(
  tx: Tx,
  contactId: string,
  at: Date,
  actor: string,
  data: { resource: string; how: string },
): Promise<void> {
  await sql`select append_contact_event(${contactId}, ${at}, 'resource', ${actor}, ${jsonb(data)})`.execute(
    tx,
  )
}
