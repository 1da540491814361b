import { useEffect } from 'react'
import { seeHints } from '../../api/supervise.ts'
import type { DeskCall } from '../../api/desk.ts'
import { HintList, useHints } from '../supervisor/HintBox.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

/** What the supervisor writes to this call, without a sound; shown is seen. */
export function Hints({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const hints = useHints(call.contactId)
  const mine = call.supervising === null
  const unseen = mine && hints.some((hint) => hint.seenAt === null)
  const { contactId } = call
  useEffect(() => {
    if (!unseen) return undefined
    // Only what stood on a screen somebody could look at was seen.
    const see = (): void => {
      if (document.visibilityState !== 'visible') return
      void request(seeHints, { params: { contactId } }).catch(() => undefined)
    }
    see()
    document.addEventListener('visibilitychange', see)
    return () => document.removeEventListener('visibilitychange', see)
  }, [unseen, contactId, hints.length])
  if (!mine || hints.length === 0) return null
  return (
    <>
      <h3>{say('hint.title')}</h3>
      <HintList hints={hints} />
    </>
  )
}
