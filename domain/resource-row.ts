/** One row of an imported table judged: a resource, or every fault with its column. Pure. */
import { needs } from './need.ts'
import { groups, levels, type Code } from './population.ts'
import { placeNamed, regionPattern, wholeCountry } from './region.ts'
import { hoursCell, hoursOf, resourceFields, type ResourceFields } from './resource.ts'

/** The columns of a table of resources, in order, by the headers people read. */
export const resourceColumns = [
  { column: 'id', zh: '编号', en: 'Id' },
  { column: 'organisation', zh: '机构', en: 'Organisation' },
  { column: 'service', zh: '服务', en: 'Service' },
  { column: 'region', zh: '地区', en: 'Region' },
  { column: 'needs', zh: '需求', en: 'Needs' },
  { column: 'populations', zh: '人群', en: 'Populations' },
  { column: 'hours', zh: '开放时间', en: 'Hours' },
  { column: 'phone', zh: '电话', en: 'Phone' },
  { column: 'address', zh: '地址', en: 'Address' },
  { column: 'referral', zh: '如何转介', en: 'How to refer' },
  { column: 'languages', zh: '语言', en: 'Languages' },
  { column: 'verifiedOn', zh: '核实日期', en: 'Verified on' },
  { column: 'verifyBy', zh: '下次核实', en: 'Verify by' },
] as const

/** The name of a column of the table. */
export type ResourceColumn = (typeof resourceColumns)[number]['column']

/** What is wrong with a cell, or with a row as a whole. */
export const rowFaults = [
  'missing',
  'tooLong',
  'unknownPlace',
  'unknownNeed',
  'unknownPopulation',
  'badHours',
  'badPhone',
  'badDate',
  'futureDate',
  'badId',
  'unknownId',
  'twice',
] as const

/** A fault of a cell; `value` is what stood there, shortened. */
export interface RowFault {
  column: ResourceColumn
  fault: (typeof rowFaults)[number]
  value: string
}

/** A judged row. */
export type JudgedRow = { entry: ResourceFields; id: string | null } | { faults: RowFault[] }

const simple = (text: string): string =>
  text
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '')

/** Which column a header means, in either language; null for columns that are not ours, which are left alone. */
export function columnOf(header: string): ResourceColumn | null {
  const wanted = simple(header)
  const found = resourceColumns.find(
    ({ column, zh, en }) => simple(column) === wanted || simple(zh) === wanted || simple(en) === wanted,
  )
  return found?.column ?? null
}

const parts = (cell: string): string[] =>
  cell
    .normalize('NFKC')
    .split(/[;,、\n|]/)
    .map((part) => part.trim())
    .filter(Boolean)

/** Codes and words compare without the signs that separate them: some words have a comma of their own. */
const bare = (text: string): string => simple(text).replace(/[;,、|]/g, '')

/**
 * The codes a cell names, by themselves or by their words in either language, separated by `;` `,` or `、`; what is in the
 * list under no name is given to `unknown`. The longest run of parts that is a name counts as one.
 */
const codesIn = (list: readonly Code[]) => {
  const byWords = new Map(
    list.flatMap(({ code, zh, en }) => [code, zh, en].map((each) => [bare(each), code] as const)),
  )
  return (cell: string, unknown: (text: string) => void): string[] => {
    const left = parts(cell)
    const found = new Set<string>()
    while (left.length > 0) {
      const lengths = left.map((_, at) => left.length - at)
      const length = lengths.find((each) => byWords.has(bare(left.slice(0, each).join(''))))
      const taken = left.splice(0, length ?? 1)
      const code = length === undefined ? undefined : byWords.get(bare(taken.join('')))
      if (code === undefined) unknown(taken.join(''))
      else found.add(code)
    }
    return [...found]
  }
}

const needsNamed = codesIn(needs)
const populationsNamed = codesIn([...levels, ...groups])

/** "2026/5/1" and "2026年5月1日" as well as "2026-05-01"; null when it is no day. */
export function dateOf(cell: string): string | null {
  const found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(cell.normalize('NFKC').trim())
  if (!found) return null
  const [, year = '', month = '', date = ''] = found
  const iso = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  const at = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso) ? iso : null
}

/** A place as a code, as a name, or empty for the whole country. */
function regionOf(cell: string): string | null {
  const text = cell.normalize('NFKC').trim()
  if (text === '' || text === '全国') return wholeCountry
  if (regionPattern.test(text)) return text
  if (/^[1-8]\d(\d\d)?$/.test(text)) return text.padEnd(6, '0')
  return placeNamed(text)
}

const longest: Readonly<Partial<Record<ResourceColumn, number>>> = {
  organisation: 120,
  service: 120,
  address: 200,
  referral: 1000,
}

type Cell = (column: ResourceColumn) => string

/** What can be judged of a cell by itself: that it is there, its length, its form. */
function judgeTexts(cell: Cell, bad: (column: ResourceColumn, fault: RowFault['fault']) => null): void {
  for (const [column, most] of Object.entries(longest) as [ResourceColumn, number][])
    if (cell(column).length > most) bad(column, 'tooLong')
  if (cell('organisation') === '') bad('organisation', 'missing')
  if (!/^$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(cell('id'))) bad('id', 'badId')
  const phone = cell('phone').normalize('NFKC')
  if (phone !== '' && !resourceFields.shape.phone.safeParse(phone).success) bad('phone', 'badPhone')
  const languages = parts(cell('languages'))
  if (languages.length > 20 || languages.some((each) => each.length > 40)) bad('languages', 'tooLong')
}

/** Judges one row; `today` is the hotline's own day. */
export function judgeRow(row: Readonly<Partial<Record<ResourceColumn, string>>>, today: string): JudgedRow {
  const faults: RowFault[] = []
  const cell: Cell = (column) => row[column]?.trim() ?? ''
  const bad = (column: ResourceColumn, fault: RowFault['fault'], value = cell(column)): null => {
    faults.push({ column, fault, value: value.slice(0, 60) })
    return null
  }
  const date = (column: 'verifiedOn' | 'verifyBy'): string | null =>
    cell(column) === '' ? null : (dateOf(cell(column)) ?? bad(column, 'badDate'))

  judgeTexts(cell, bad)
  const id = cell('id') === '' ? null : cell('id').toLowerCase()
  const phone = cell('phone').normalize('NFKC')
  const verifiedOn = date('verifiedOn')
  if (verifiedOn !== null && verifiedOn > today) bad('verifiedOn', 'futureDate')
  const languages = parts(cell('languages'))
  const entry = {
    organisation: cell('organisation'),
    service: cell('service'),
    region: regionOf(cell('region')) ?? bad('region', 'unknownPlace') ?? wholeCountry,
    needs: needsNamed(cell('needs'), (text) => bad('needs', 'unknownNeed', text)),
    populations: populationsNamed(cell('populations'), (text) =>
      bad('populations', 'unknownPopulation', text),
    ),
    hours: hoursOf(cell('hours')) ?? bad('hours', 'badHours') ?? { always: true as const },
    phone: phone === '' ? null : phone,
    address: cell('address'),
    referral: cell('referral'),
    languages,
    verifiedOn,
    verifyBy: date('verifyBy'),
  }
  return faults.length > 0 ? { faults } : { entry, id }
}

/** A resource as cells of a table, in the order of {@link resourceColumns}; judging them gives the resource again. */
export function cellsOf(entry: ResourceFields, id: string, language: 'zh-CN' | 'en'): string[] {
  const words = (codes: readonly string[], list: readonly Code[]): string =>
    codes
      .map((code) => list.find((each) => each.code === code))
      .map((each) => (language === 'en' ? each?.en : each?.zh) ?? '')
      .join('; ')
  const byColumn: Record<ResourceColumn, string> = {
    id,
    organisation: entry.organisation,
    service: entry.service,
    region: entry.region,
    needs: words(entry.needs, needs),
    populations: words(entry.populations, [...levels, ...groups]),
    hours: hoursCell(entry.hours),
    phone: entry.phone ?? '',
    address: entry.address,
    referral: entry.referral,
    languages: entry.languages.join('; '),
    verifiedOn: entry.verifiedOn ?? '',
    verifyBy: entry.verifyBy ?? '',
  }
  return resourceColumns.map(({ column }) => byColumn[column])
}

/** By what two entries are the same one: organisation, service and place, whatever the spaces and case. */
export const sameEntryKey = (entry: Pick<ResourceFields, 'organisation' | 'service' | 'region'>): string =>
  [simple(entry.organisation), simple(entry.service), entry.region].join('\u0000')

/**
 * A cell that no spreadsheet takes for a formula: an apostrophe goes before what begins like one (=, +, -, @, tab, their
 * full-width forms). {@link plainCell} takes it away again.
 */
export const safeCell = (text: string): string => (/^'*[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text)

/** The text of a cell without the apostrophe that {@link safeCell} put there. */
export const plainCell = (text: string): string =>
  /^'+[=+\-@\t\r＝＋－＠]/.test(text) ? text.slice(1) : text
