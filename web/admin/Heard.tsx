import type { z } from 'zod'
import type { seat } from '../../api/administration.ts'
import { useWords } from '../ui/words.ts'

/** How the legs of a seat or trunk were heard in the last hour, on average (G24-3.2.2b). */
export function Heard({ heard }: { heard: z.output<typeof seat>['heard'] }) {
  const { say } = useWords()
  if (heard === null) return say('admin.none')
  const { opinion, lossPercent, legs } = heard
  return (
    <>
      <div>{say('admin.heardOpinion', { opinion: opinion.toFixed(1) })}</div>
      <div className="quiet">
        {lossPercent !== null && `${say('contact.voice.loss', { n: lossPercent.toFixed(1) })} · `}
        {say('admin.heardLegs', { n: legs })}
      </div>
    </>
  )
}
