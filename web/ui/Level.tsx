import type { RiskLevel } from '../../domain/risk.ts'
import { useWords } from './words.ts'

/** A risk level in its word, with a shape and a colour where it wants attention. */
export function Level({ of }: { of: RiskLevel | 'danger-key' | null }) {
  const { say } = useWords()
  if (of === null) return <span className="quiet">{say('form.risk.unassessed')}</span>
  if (of === 'danger-key' || of === 'acute')
    return <span className="tag tag-danger">▲ {say(`form.risk.${of}`)}</span>
  if (of === 'high') return <span className="tag tag-soon">! {say('form.risk.high')}</span>
  return <span className="tag">{say(`form.risk.${of}`)}</span>
}
