import { useQuery } from '@tanstack/react-query'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { useWords } from '../ui/words.ts'
import { CallScreen } from './CallScreen.tsx'
import { deskQuery } from '../ui/own-desk.ts'
import { useSeatPlace } from './duty-desk.ts'
import { GoOnDuty } from './GoOnDuty.tsx'
import { Offer } from './Offer.tsx'
import { Waiting } from './Waiting.tsx'

/** The counsellor's desk: what is shown follows from duty and call alone. */
export function Desk() {
  const { say } = useWords()
  const { data: desk, error, refetch } = useQuery(deskQuery)
  const place = useSeatPlace()
  if (!desk) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={6} />
  if (!desk.duty) return <GoOnDuty toFinish={desk.toFinish} />
  // The other window has the seat: nothing of the caller stays on this screen.
  if (place !== 'here') return <p className="empty card">{say('phone.takenOverHint')}</p>
  if (!desk.call || desk.call.state === 'closed') return <Waiting duty={desk.duty} toFinish={desk.toFinish} />
  if (desk.call.state === 'offered') return <Offer call={desk.call} />
  return <CallScreen key={desk.call.contactId} call={desk.call} />
}
