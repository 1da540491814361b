import type { Finding } from './doctor/finding.ts'
import {
  lookAtClock,
  lookAtDataFolder,
  lookAtDisk,
  lookAtFonts,
  lookAtNode,
  lookAtProcessor,
} from './doctor/machine.ts'
import { lookAtCertificate, lookAtMicrophone, lookAtPorts } from './doctor/network.ts'
import { lookAtKms, lookAtStore } from './doctor/outside.ts'
import { lookAtBackup, lookAtDatabase } from './doctor/records.ts'
import { lookAtSounds } from './doctor/sounds.ts'
import { isTaken } from './exclusive.ts'
import { readSettings, type Settings } from './settings.ts'

/** Looks at everything an installation needs; each finding says what to do. */
export async function examine(settings: Settings): Promise<Finding[]> {
  const runs = await isTaken(settings.data)
  return [
    lookAtNode(),
    lookAtProcessor(),
    lookAtDataFolder(settings),
    lookAtDisk(settings),
    ...(await lookAtDatabase(settings)),
    lookAtBackup(settings),
    ...lookAtKms(settings),
    ...(await lookAtStore(settings)),
    ...(await lookAtPorts(settings, runs)),
    lookAtCertificate(settings),
    lookAtMicrophone(settings),
    lookAtClock(),
    lookAtFonts(),
    lookAtSounds(),
  ]
}

/** `npx hearthline doctor [--json]`: a line a finding; the exit code is 1 when one of them is a failure. */
export async function doctor(args: string[]): Promise<number> {
  const findings = await examine(readSettings(process.env, new Set(args)))
  for (const finding of findings) {
    if (args.includes('--json')) console.log(JSON.stringify(finding))
    else
      console.log(`${finding.state.padEnd(5)} ${finding.check.padEnd(12)} ${finding.text} ${finding.chinese}`)
  }
  return findings.some((finding) => finding.state === 'fail') ? 1 : 0
}
