import type { Switchboard, SwitchboardOptions } from '../switchboard.ts'

/** Placeholder while the interface is agreed on; the link itself follows. */
export function startLink(options: SwitchboardOptions): Switchboard {
  throw new Error(`not yet: ${options.app}`)
}
