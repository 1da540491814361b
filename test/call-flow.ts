/** Prints docs/call-flow.md from the call's table. */
import { writeFileSync } from 'node:fs'
import { callFlow } from '../domain/call-flow.ts'

writeFileSync(new URL('../docs/call-flow.md', import.meta.url), callFlow())
