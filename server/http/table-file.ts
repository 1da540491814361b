/* Tables that leave for offices, as CSV and as Excel: the one way, so that no cell is ever taken for a formula. */
import exceljs from 'exceljs'
import { safeCell } from '../../domain/resource-row.ts'

/** Rows as CSV that Excel opens as it should (UTF-8 with its mark), no cell of which is taken for a formula. */
export function csvOf(rows: readonly (readonly string[])[]): Buffer {
  const quoted = (cell: string): string => {
    const safe = safeCell(cell)
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return Buffer.from(`\uFEFF${rows.map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`, 'utf8')
}

/** Rows as an Excel file; every cell is text, so none is a formula. */
export async function workbookOf(name: string, rows: readonly (readonly string[])[]): Promise<Buffer> {
  const book = new exceljs.Workbook()
  const sheet = book.addWorksheet(name, { views: [{ state: 'frozen', ySplit: 1 }] })
  for (const row of rows) sheet.addRow([...row])
  sheet.getRow(1).font = { bold: true }
  sheet.columns.forEach((column) => {
    column.width = 18
    column.numFmt = '@'
  })
  return Buffer.from(await book.xlsx.writeBuffer())
}
