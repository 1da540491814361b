/** What the result of an instrument means for the risk of a contact (facts: "what gives a level"). */
import type { Instrument } from './instrument.ts'
import type { InstrumentResult } from './instrument-score.ts'
import { riskRank, type RiskFinding } from './risk.ts'

/**
 * Findings for the risk of a contact: a critical answer says at least `low` until the danger question is answered, a triage
 * its level, a band its own where a hotline configured one; other scales give no level. A result of "none" is no
 * finding: a low score never talks anybody out of a worry, nor does it stand for the counsellor's own assessment.
 */
export function findingsOf(of: Pick<Instrument, 'id'>, result: InstrumentResult): RiskFinding[] {
  const critical = result.critical.map(({ item }): RiskFinding => ({
    source: 'critical-item',
    level: 'low',
    code: `${of.id}.${item}`,
  }))
  const triage: RiskFinding[] = result.triage
    ? [{ source: 'triage', level: result.triage, code: `${of.id}.triage` }]
    : []
  const band: RiskFinding[] = result.band?.risk
    ? [{ source: 'scale', level: result.band.risk, code: `${of.id}.${result.band.code}` }]
    : []
  return [...critical, ...triage, ...band].filter(({ level }) => riskRank(level) > 0)
}

/** Whether the result opens the protocol for suicide: a critical answer, or a triage that found anything. */
export const opensProtocol = (result: InstrumentResult): boolean =>
  result.critical.length > 0 || riskRank(result.triage) > 0
