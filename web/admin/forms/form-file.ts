/** A form as a file of the browser: FHIR R4 JSON. */
import type { Questionnaire } from '../../../domain/questionnaire.ts'

/** Lets the browser save a form as a file. */
export function exportForm(form: Questionnaire, name: string): void {
  const address = URL.createObjectURL(
    new Blob([JSON.stringify(form, null, 2)], { type: 'application/fhir+json' }),
  )
  const link = document.createElement('a')
  link.href = address
  link.download = `${name}.json`
  link.click()
  URL.revokeObjectURL(address)
}

/** Largest file (bytes) that is read. */
export const largestFile = 2 * 1024 * 1024
