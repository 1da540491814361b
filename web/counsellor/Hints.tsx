import { useEffect } from 'react'
import { seeHints } from '../../api/supervise.ts'
import type { DeskCall } from '../../api/desk.ts'
import { HintList, useHints } from '../ui/HintBox.tsx'
import { request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { timeOfDay } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'

/** Everything the supervisor wrote to this call, beside the form. */
export function Hints({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const hints = useHints(call.contactId)
  if (call.supervising !== null || hints.length === 0) return null
  return (
    <>
      <h3>{say('hint.title')}</h3>
      <HintList hints={hints} />
    </>
  )
}

/** What the supervisor wrote to a contact, on its page afterwards; nothing where nothing was written. */
export function ContactHints({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const hints = useHints(contactId)
  if (hints.length === 0) return null
  return (
    <section className="card stack">
      <h2>{say('hint.title')}</h2>
      <HintList hints={hints} />
    </section>
  )
}

/** The newest hint in the strip, which is always on the screen: without a sound, and what stood here was seen. */
export function HintLine({ contactId }: { contactId: string }) {
  const { say } = useWords()
  const zone = useZone()
  const hints = useHints(contactId)
  const newest = hints.at(-1)
  const unseen = newest?.seenAt === null
  useEffect(() => {
    if (!unseen) return undefined
    const see = (): void => {
      if (document.visibilityState !== 'visible') return
      void request(seeHints, { params: { contactId } }).catch(() => undefined)
    }
    see()
    document.addEventListener('visibilitychange', see)
    return () => document.removeEventListener('visibilitychange', see)
  }, [unseen, contactId, newest?.hintId])
  if (!newest) return null
  return (
    <p className="hint-line" role="status">
      <span className="tag tag-main">{say('hint.title')}</span> <strong>{newest.words}</strong>{' '}
      <span className="quiet number">
        {newest.from} · {timeOfDay(Date.parse(newest.at), zone)}
      </span>
    </p>
  )
}
