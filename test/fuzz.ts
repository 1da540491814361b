// Long runs of what `npm test` does for seconds: node test/fuzz.ts [seconds] [seed]. Prints a line a minute; 1 on a fault.
import { fuzz } from '../switchboard/testing/fuzzing.ts'

const [seconds = 600, first = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
const end = performance.now() + seconds * 1000
for (let seed = first; performance.now() < end; seed += 1) {
  const ms = Math.min(60_000, end - performance.now())
  const { sent, answered, faults, alive } = await fuzz({ seed, messages: Infinity, ms })
  console.log(JSON.stringify({ seed, sent, answered, alive, faults: faults.length }))
  if (faults.length === 0 && alive) continue
  console.error([...new Set(faults)].slice(0, 10).join('\n'))
  process.exitCode = 1
  break
}
