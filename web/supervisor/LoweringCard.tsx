import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { decideLowering, type listLowerings } from '../../api/crisis.ts'
import type { Reply } from '../../api/endpoint.ts'
import { Level } from '../ui/Level.tsx'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { Since } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

/** A request to lower a level. */
export type Lowering = Reply<typeof listLowerings>[number]

/** One request to lower a level, with its reason, and the decision of somebody who did not ask. */
export function LoweringCard({ lowering }: { lowering: Lowering }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const deciding = useMutation({
    mutationFn: (granted: boolean) =>
      request(decideLowering, { params: { loweringId: lowering.loweringId }, body: { granted } }),
    onSettled: async () => {
      await cache.invalidateQueries({ queryKey: ['reports'] })
      await cache.invalidateQueries({ queryKey: ['crisis', lowering.contactId] })
    },
  })
  return (
    <li className="card report">
      <div className="stack report-words">
        <div className="row">
          <Level of={lowering.from} /> <span aria-hidden="true">→</span> <Level of={lowering.to} />
          <Link to="/contacts/$id" params={{ id: lowering.contactId }}>
            {say('report.where', { line: lowering.line, number: lowering.contactNumber })}
          </Link>
          <span className="quiet">
            {say('risk.loweringBy', { person: lowering.askedBy })} · <Since at={lowering.askedAt} />
          </span>
        </div>
        <div className="risk-words">{lowering.reason}</div>
        <Failure of={deciding.error} />
      </div>
      {lowering.mine ? (
        <span className="quiet">{say('risk.loweringWaits')}</span>
      ) : (
        <div className="row">
          {([false, true] as const).map((granted) => (
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
      )}
    </li>
  )
}
