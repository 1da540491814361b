/* `npm run bench -- NAME [--quick]`: measures what we claim about speed. */
import { backup } from './backup.ts'
import { board } from './board.ts'
import { calls } from './calls.ts'
import { contacts } from './contacts.ts'
import { offers } from './offers.ts'
import { playback } from './playback.ts'
import { relay } from './relay/relay.ts'
import { resources } from './resources.ts'
import { sealing } from './sealing.ts'
import { soak } from './soak/soak.ts'
import { srtp } from './srtp.ts'
import { switchboard } from './switchboard/switchboard.ts'
import { verify } from './verify.ts'
import { web } from './web.ts'

const benches: Record<string, (quick: boolean, flags: string[]) => Promise<void>> = {
  backup,
  board,
  calls,
  contacts,
  offers,
  playback,
  relay,
  resources,
  verify,
  sealing,
  soak,
  srtp,
  switchboard,
  web,
}
const [name = '', ...flags] = process.argv.slice(2)
const bench = benches[name]
if (!bench) {
  process.stderr.write(
    `Which bench? One of: ${Object.keys(benches).join(', ')} (add --quick for under a minute)\n`,
  )
  process.exit(1)
}
await bench(flags.includes('--quick'), flags)
process.exit()
