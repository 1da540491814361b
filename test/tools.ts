import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs of the operating system some tests need, and the Debian package that brings each. */
export const tools = {
  chromium: 'chromium',
  sipp: 'sip-tester',
  baresip: 'baresip',
  sox: 'sox',
  'espeak-ng': 'espeak-ng',
} as const
export type Tool = keyof typeof tools

/** Where the program is, or null when this machine lacks it. */
export function findTool(name: Tool): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin'))
    if (folder !== '' && isProgram(join(folder, name))) return join(folder, name)
  return null
}

/** The reason to skip a test that needs these programs, or null when all are there. */
export function missing(...names: Tool[]): string | null {
  const absent = names.filter((name) => findTool(name) === null)
  if (absent.length === 0) return null
  return `not installed: ${absent.map((name) => `${name} (Debian package ${tools[name]})`).join(', ')}`
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
