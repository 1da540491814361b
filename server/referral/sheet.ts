/* Tables that offices send: CSV in UTF-8 or GB 18030, and Excel, read into rows of text. */
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import exceljs from 'exceljs'
import { plainCell } from '../../domain/resource-row.ts'
import { Problem } from '../../domain/problem.ts'

/** A row of a file with the line a person finds it on. */
export interface SheetRow {
  line: number
  cells: string[]
}

/** Bytes a workbook may unfold to, and files it may hold: a small file must not fill the memory. */
const unfoldedBytes = 60 * 1024 * 1024
const mostFiles = 500
const widest = 60

/** Reads a CSV or Excel file, header row first, empty rows left out. `import.unreadable`, `import.tooLarge` beyond `most` rows. */
export async function readSheet(file: Buffer, most: number): Promise<SheetRow[]> {
  const isZip = file.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004', 'latin1'))
  const rows = isZip ? await readWorkbook(file) : readCsv(file)
  const filled = rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''))
  // One more: the header.
  if (filled.length > most + 1) throw new Problem('import.tooLarge', { rows: most })
  return filled
}

function readCsv(file: Buffer): SheetRow[] {
  const text = decoded(file)
  if (text.includes('\u0000')) throw new Problem('import.unreadable')
  try {
    const found = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: 64 * 1024,
    }) as unknown as { info: { lines: number }; record: string[] }[]
    return found.map(({ info, record }) => ({
      // The line a record ends on; one that spans several lines begins that many earlier.
      line: info.lines - record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0),
      cells: record.slice(0, widest).map(plainCell),
    }))
  } catch {
    throw new Problem('import.unreadable')
  }
}

/** Excel in China saves CSV in GB 18030 unless told otherwise. */
function decoded(file: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file)
  } catch {
    return new TextDecoder('gb18030').decode(file)
  }
}

const delimiterOf = (text: string): string => {
  const header = text.slice(0, text.search(/\r|\n|$/))
  return [',', '\t', ';'].reduce((best, each) =>
    header.split(each).length > header.split(best).length ? each : best,
  )
}

async function readWorkbook(file: Buffer): Promise<SheetRow[]> {
  await refuseBomb(file)
  const book = new exceljs.Workbook()
  try {
    // The library's own Buffer type is an older one.
    await book.xlsx.load(new Uint8Array(file).buffer)
  } catch {
    throw new Problem('import.unreadable')
  }
  const [sheet] = book.worksheets
  if (!sheet) throw new Problem('import.unreadable')
  const rows: SheetRow[] = []
  sheet.eachRow((row, line) => {
    const cells = Array.from({ length: Math.min(row.cellCount, widest) }, (_, at) =>
      plainCell(cellText(row.getCell(at + 1).value)),
    )
    rows.push({ line, cells })
  })
  return rows
}

const tooLarge = (): Problem => new Problem('import.tooLarge', { bytes: unfoldedBytes })

/** One file of an archive: where it begins, how long it is packed, and what the directory says it unfolds to. */
interface Packed {
  start: number
  size: number
  said: number
}

/** The files of an archive by its own directory (APPNOTE 4.3.12); without one it is no workbook. */
function filesOf(file: Buffer): Packed[] {
  const end = file.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  if (end < 0 || end + 22 > file.length) throw new Problem('import.unreadable')
  const count = file.readUInt16LE(end + 10)
  if (count > mostFiles) throw tooLarge()
  let at = file.readUInt32LE(end + 16)
  return Array.from({ length: count }, () => {
    if (at + 46 > file.length || file.readUInt32LE(at) !== 0x02014b50) throw new Problem('import.unreadable')
    const packed = {
      start: file.readUInt32LE(at + 42),
      size: file.readUInt32LE(at + 20),
      said: file.readUInt32LE(at + 24),
    }
    at += 46 + file.readUInt16LE(at + 28) + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32)
    return packed
  })
}

/** Throws `import.tooLarge` for what unfolds to more than it may, also where the directory says otherwise. */
async function refuseBomb(file: Buffer): Promise<void> {
  const files = filesOf(file)
  if (files.reduce((sum, { said }) => sum + said, 0) > unfoldedBytes) throw tooLarge()
  let left = unfoldedBytes
  for (const { start, size } of files) {
    if (start + 30 > file.length || file.readUInt32LE(start) !== 0x04034b50)
      throw new Problem('import.unreadable')
    const from = start + 30 + file.readUInt16LE(start + 26) + file.readUInt16LE(start + 28)
    const body = file.subarray(from, from + size)
    left -= file.readUInt16LE(start + 8) === 0 ? body.length : await unfolded(body, left)
    if (left < 0) throw tooLarge()
  }
}

/** How many bytes a packed file really unfolds to; `import.tooLarge` beyond `most`. */
async function unfolded(body: Buffer, most: number): Promise<number> {
  try {
    return (await promisify(inflateRaw)(body, { maxOutputLength: Math.max(1, most) })).length
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge()
    throw new Problem('import.unreadable')
  }
}

/** What a person sees in a cell: a formula's result, a date as a day, rich text without its looks. */
function cellText(value: exceljs.CellValue): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString().slice(0, 10)
  if (typeof value !== 'object') return String(value)
  if ('richText' in value) return value.richText.map((part) => part.text).join('')
  if ('text' in value) return String(value.text)
  if ('result' in value) return cellText(value.result ?? null)
  return ''
}
