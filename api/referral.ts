/** The directory of help: search, entries, verification, import and export, and what was offered on a contact. */
import { z } from 'zod'
import { isNeed } from '../domain/need.ts'
import { regionPattern } from '../domain/region.ts'
import { isPopulation, offerWays, resourceFields } from '../domain/resource.ts'
import { resourceColumns, rowFaults, type ResourceColumn } from '../domain/resource-row.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

/** An entry as shown; `openNow` by the hotline's clock, `standing` of its verification today. */
export const resource = resourceFields.extend({
  resourceId: id,
  verifyBy: z.iso.date(),
  standing: z.enum(['fresh', 'soon', 'overdue']),
  openNow: z.boolean(),
  changedAt: instant,
  changedBy: z.string().nullable(),
  removedAt: instant.nullable(),
})

/** An entry of the directory. */
export type Resource = z.infer<typeof resource>

const params = z.object({ resourceId: id })

/**
 * Searches the directory: words (two Chinese characters are enough), need, population, place and open now. With a place
 * what serves it comes nearest first; `due` lists what is to be verified, the longest overdue first.
 */
export const searchResources = endpoint({
  method: 'GET',
  path: '/api/v1/resources',
  needs: 'resource.see',
  summary: 'Search the directory of help',
  query: z.strictObject({
    after: id.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    text: z.string().trim().max(60).optional(),
    need: z.string().refine(isNeed).optional(),
    population: z.string().refine(isPopulation).optional(),
    place: z.string().regex(regionPattern).optional(),
    open: z.literal('now').optional(),
    due: z.enum(['soon', 'overdue']).optional(),
    sort: z.enum(['name', 'newest']).default('name'),
  }),
  reply: page(resource),
})

/** How many entries are overdue for verification today, and how many will be within two weeks. */
export const readReminder = endpoint({
  method: 'GET',
  path: '/api/v1/resource-reminder',
  needs: 'resource.see',
  summary: 'Entries to verify',
  reply: z.object({ total: z.number().int(), overdue: z.number().int(), soon: z.number().int() }),
})

/** One entry; a removed one too, so that what was once offered can still be read. */
export const readResource = endpoint({
  method: 'GET',
  path: '/api/v1/resources/:resourceId',
  needs: 'resource.see',
  summary: 'One entry of the directory',
  params,
  reply: resource,
})

/** Adds an entry. */
export const addResource = endpoint({
  method: 'POST',
  path: '/api/v1/resources',
  needs: 'resource.change',
  summary: 'Add an entry',
  body: resourceFields,
  reply: resource,
})

/** Changes an entry. */
export const changeResource = endpoint({
  method: 'PUT',
  path: '/api/v1/resources/:resourceId',
  needs: 'resource.change',
  summary: 'Change an entry',
  params,
  body: resourceFields,
  reply: resource,
})

/** Takes an entry out of the directory; contacts it was offered on still show it. */
export const removeResource = endpoint({
  method: 'DELETE',
  path: '/api/v1/resources/:resourceId',
  needs: 'resource.change',
  summary: 'Remove an entry',
  params,
  reply: done,
})

/** Somebody rang there and all still holds: verified today, to be asked again by `verifyBy` (half a year by default). */
export const verifyResource = endpoint({
  method: 'POST',
  path: '/api/v1/resources/:resourceId/verify',
  needs: 'resource.change',
  summary: 'Verified today',
  params,
  body: z.strictObject({ verifyBy: z.iso.date().optional() }).prefault({}),
  reply: resource,
})

const columns = z.enum(resourceColumns.map(({ column }) => column) as [ResourceColumn, ...ResourceColumn[]])

/** Bytes of an imported file. */
export const importBytes = 5 * 1024 * 1024
/** Rows of an imported file. */
export const importRows = 20_000

const file = z.strictObject({ base64: z.base64().max(Math.ceil(importBytes / 3) * 4 + 4) })

/** What an import would do, or did: bad rows by their line in the file (the first 500), and counts. */
export const importResult = z.object({
  rows: z.number().int(),
  added: z.number().int(),
  changed: z.number().int(),
  unchanged: z.number().int(),
  bad: z.number().int(),
  /** Headers of the file that are no columns of ours: they are left alone. */
  unknownColumns: z.array(z.string()),
  badRows: z.array(
    z.object({
      line: z.number().int(),
      organisation: z.string(),
      faults: z.array(z.object({ column: columns, fault: z.enum(rowFaults), value: z.string() })),
    }),
  ),
  /** The first 100 rows that would be added or changed; of a change, which columns. */
  sample: z.array(
    z.object({
      line: z.number().int(),
      organisation: z.string(),
      service: z.string(),
      what: z.enum(['added', 'changed']),
      columns: z.array(columns),
    }),
  ),
})

/** What an import would do, or did. */
export type ImportResult = z.infer<typeof importResult>

/** Says what importing a CSV or Excel file would do, and changes nothing. `import.unreadable`, `import.tooLarge`. */
export const checkImport = endpoint({
  method: 'POST',
  path: '/api/v1/resource-import/check',
  needs: 'resource.change',
  summary: 'Dry run of an import',
  body: file,
  reply: importResult,
})

/** Imports the good rows in one transaction. With bad rows it is refused (`import.unreadable`) unless they are to be skipped. */
export const applyImport = endpoint({
  method: 'POST',
  path: '/api/v1/resource-import',
  needs: 'resource.change',
  summary: 'Import a file',
  body: file.extend({ skipBad: z.boolean().default(false) }),
  reply: importResult,
})

/** Files to download: an empty table with two examples, or the whole directory. Not JSON, so only the names are here. */
export const resourceFiles = ['template.csv', 'template.xlsx', 'resources.csv', 'resources.xlsx'] as const

/** Address of a file to download. */
export const resourceFilePath = (language: 'zh-CN' | 'en', name: (typeof resourceFiles)[number]): string =>
  `/api/v1/resource-files/${language}/${name}`

/** One thing that was offered on a contact. */
export const offered = z.object({
  resourceId: id,
  organisation: z.string(),
  service: z.string(),
  phone: z.string().nullable(),
  how: z.enum(offerWays),
  at: instant,
  person: z.string(),
})

/** What was offered to a caller. */
export type Offered = z.infer<typeof offered>

const contactId = z.object({ contactId: id })

/** What was offered on a contact, newest first. */
export const listOffered = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/resources',
  needs: 'contact.list',
  summary: 'What was offered',
  params: contactId,
  reply: z.array(offered),
})

/** Records that a resource was offered, read out, texted or that the caller was put through; repeating it is success. */
export const offerResource = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/resources',
  needs: 'contact.own',
  summary: 'Record that a resource was offered',
  params: contactId,
  body: z.strictObject({ resourceId: id, how: z.enum(offerWays) }),
  reply: z.array(offered),
})
