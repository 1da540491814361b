import { useState } from 'react'
import { askLowering, decideLowering, type Crisis } from '../../api/crisis.ts'
import { riskLevels, riskRank, type RiskLevel } from '../../domain/risk.ts'
import { reasonWords } from '../ui/catalogue.ts'
import { Level } from '../ui/Level.tsx'
import { Failure, Notice } from '../ui/Notice.tsx'
import { ReportState } from '../ui/ReportState.tsx'
import { request } from '../ui/request.ts'
import { useMay } from '../ui/session.ts'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'
import { useCrisisCommand } from './crisis.ts'
import { OneOf, Text } from '../ui/form/Fields.tsx'

type Entry = Crisis['entries'][number]

function Reason({ entry }: { entry: Entry }) {
  const { say } = useWords()
  const code = reasonWords(entry.code, say)
  return (
    <li className="risk-entry">
      <Level of={entry.level} />
      <div>
        <span className="strong">{say(`risk.source.${entry.source}`)}</span>
        {code !== '' && `${say('risk.colon')}${code}`}
        {entry.reason !== '' && <div className="risk-words">{entry.reason}</div>}
        <div className="quiet">
          <When at={entry.at} />
          {entry.person && ` · ${entry.person}`}
          {entry.supervisor && ` · ${say('risk.agreedBy', { person: entry.supervisor })}`}
        </div>
      </div>
    </li>
  )
}

function Lowering({ contactId, lowering }: { contactId: string; lowering: NonNullable<Crisis['lowering']> }) {
  const { say } = useWords()
  // Whoever asked never decides.
  const mayDecide = useMay('risk.lower') && !lowering.mine
  const deciding = useCrisisCommand(contactId, (granted: boolean) =>
    request(decideLowering, { params: { loweringId: lowering.loweringId }, body: { granted } }),
  )
  return (
    <Notice>
      <div className="stack">
        <span>
          {say('risk.loweringAsked', { person: lowering.askedBy })} <Level of={lowering.to} />{' '}
          <When at={lowering.askedAt} />
        </span>
        <span className="risk-words">{lowering.reason}</span>
        {mayDecide ? (
          <div className="row">
            {([true, false] as const).map((granted) => (
              <button
                key={String(granted)}
                type="button"
                className="plain"
                disabled={deciding.isPending}
                onClick={() => deciding.mutate(granted)}
              >
                {say(granted ? 'risk.grant' : 'risk.refuse')}
              </button>
            ))}
          </div>
        ) : (
          <span className="quiet">{say('risk.loweringWaits')}</span>
        )}
        <Failure of={deciding.error} />
      </div>
    </Notice>
  )
}

function AskLowering({ contactId, level }: { contactId: string; level: RiskLevel }) {
  const { say } = useWords()
  const [open, setOpen] = useState(false)
  const [to, setTo] = useState<RiskLevel | null>(null)
  const [reason, setReason] = useState('')
  const asking = useCrisisCommand(contactId, (given: { to: Exclude<RiskLevel, 'acute'>; reason: string }) =>
    request(askLowering, { params: { contactId }, body: given }),
  )
  const lower = riskLevels.filter((each) => riskRank(each) < riskRank(level))
  if (!open)
    return (
      <div className="row">
        <button type="button" className="quiet-button" onClick={() => setOpen(true)}>
          {say('risk.askLowering')}
        </button>
      </div>
    )
  return (
    <div className="stack panel">
      <span className="strong">{say('risk.lowerTo')}</span>
      <OneOf
        choices={lower.map((code) => ({ code, words: say(`form.risk.${code}`) }))}
        value={to}
        onChange={(code) => setTo(lower.find((each) => each === code) ?? null)}
      />
      <Text
        label={say('risk.lowerWhy')}
        hint={say('risk.lowerWhy')}
        value={reason}
        max={1000}
        onChange={setReason}
      />
      <p className="quiet">{say('risk.lowerHint')}</p>
      <Failure of={asking.error} />
      <div className="row">
        <button
          type="button"
          className="plain"
          disabled={to === null || to === 'acute' || reason.trim() === '' || asking.isPending}
          onClick={() =>
            to !== null &&
            to !== 'acute' &&
            asking.mutate({ to, reason: reason.trim() }, { onSuccess: () => setOpen(false) })
          }
        >
          {say('risk.lowerSend')}
        </button>
        <button type="button" className="quiet-button" onClick={() => setOpen(false)}>
          {say('do.cancel')}
        </button>
      </div>
    </div>
  )
}

/** What still keeps the record open, in words. */
function Owed({ crisis }: { crisis: Crisis }) {
  const { say, language } = useWords()
  if (crisis.owed.length === 0) return null
  const wordsOf = (owed: string): string => {
    if (owed === 'report' || owed === 'consult') return say(`risk.owed.${owed}`)
    const name = owed.replace(/^protocol:/, '')
    const run = crisis.runs.find((each) => each.protocol === name && each.closedAt === null)
    return say('risk.owed.protocol', { protocol: run?.words[language] ?? name })
  }
  return (
    <p className="missing">
      <span className="strong">{say('risk.owed')}</span> {crisis.owed.map(wordsOf).join(say('risk.between'))}
    </p>
  )
}

/** The level with its reasons, never alone; the reports it asked for; what still keeps the record open. */
export function RiskReasons({ contactId, crisis }: { contactId: string; crisis: Crisis }) {
  const { say } = useWords()
  const mayAsk = useMay('crisis.work')
  const counting = crisis.entries.filter((entry) => entry.counts).toReversed()
  const past = crisis.entries.filter((entry) => !entry.counts).toReversed()
  const ordered = counting.toSorted((one, other) => riskRank(other.level) - riskRank(one.level))
  const { level, lowering } = crisis
  return (
    <div className="stack risk-reasons">
      <div className="row">
        <span className="strong">{say('form.risk')}</span>
        <Level of={level ?? (crisis.dangerKey ? 'danger-key' : null)} />
        {crisis.dangerToOthers && <span className="tag tag-danger">▲ {say('risk.toOthers')}</span>}
      </div>
      {ordered.length === 0 && <p className="quiet">{say('risk.noReasons')}</p>}
      <ul className="risk-entries">
        {ordered.map((entry) => (
          <Reason key={`${entry.at} ${entry.source} ${entry.code}`} entry={entry} />
        ))}
      </ul>
      {past.length > 0 && (
        <details>
          <summary>{say('risk.past', { n: past.length })}</summary>
          <ul className="risk-entries past">
            {past.map((entry) => (
              <Reason key={`${entry.at} ${entry.source} ${entry.code}`} entry={entry} />
            ))}
          </ul>
        </details>
      )}
      {crisis.reports.map((report) => (
        <div key={report.reportId}>
          <span className="strong">{say(`report.kind.${report.kind}`)}</span>
          {say('risk.colon')}
          <ReportState report={report} />
        </div>
      ))}
      <Owed crisis={crisis} />
      {lowering && <Lowering contactId={contactId} lowering={lowering} />}
      {!lowering && mayAsk && level !== null && level !== 'none' && (
        <AskLowering contactId={contactId} level={level} />
      )}
    </div>
  )
}
