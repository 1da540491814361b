/* The protocols that ship, read once from clinical/protocols/. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { protocolFile, type Protocol } from '../../domain/protocol.ts'

const folder = join(import.meta.dirname, '..', '..', 'clinical', 'protocols')

/** Every protocol, in the order in which they are offered; throws at the start when a file is not as agreed. */
export const protocols: readonly Protocol[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => protocolFile.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))))
  .sort((one, other) => one.order - other.order)
