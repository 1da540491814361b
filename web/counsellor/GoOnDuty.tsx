import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { freeSeats, goOnDuty, type Desk } from '../../api/desk.ts'
import { FailedPart, Failure, Skeleton } from '../ui/Notice.tsx'
import { Refusal, request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { DeviceCheck } from './DeviceCheck.tsx'
import { beginDuty } from './duty-desk.ts'
import { ToFinish } from './Waiting.tsx'

/** Before duty: the check of sound and network, the seat, and one button. */
export function GoOnDuty({ toFinish }: { toFinish: Desk['toFinish'] }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [seatId, setSeatId] = useState<string>('')
  const seats = useQuery({ queryKey: ['seats', 'free'], queryFn: () => request(freeSeats, {}), staleTime: 0 })
  const going = useMutation({
    mutationFn: (takeOver: boolean) =>
      beginDuty(() => request(goOnDuty, { body: seatId === '' ? { takeOver } : { seatId, takeOver } })),
    onSuccess: ({ desk }) => cache.setQueryData(['desk'], desk),
  })
  const taken = going.error instanceof Refusal && going.error.code === 'duty.seatTaken'
  const nameOf = (seat: NonNullable<typeof seats.data>[number]): string => {
    if (seat.takenBy) return say('duty.seatTaken', { name: seat.name, person: seat.takenBy })
    if (seat.own) return say('duty.seatOwn', { name: seat.name })
    return seat.kind === 'phone' ? say('duty.seatPhone', { name: seat.name }) : seat.name
  }
  return (
    <div className="go-on-duty">
      <section className="card stack">
        <div>
          <h1>{say('check.title')}</h1>
          <p className="quiet">{say('check.why')}</p>
        </div>
        <DeviceCheck />
        <div className="go-row">
          {seats.error && <FailedPart of={seats.error} retry={() => void seats.refetch()} />}
          {seats.isPending && <Skeleton lines={1} />}
          {seats.data?.length === 0 && <p className="quiet">{say('duty.noSeat')}</p>}
          {seats.data && seats.data.length > 0 && (
            <label className="seat-choice">
              <span className="quiet">{say('duty.seat')}</span>
              <select className="box" value={seatId} onChange={(event) => setSeatId(event.target.value)}>
                <option value="">{say('duty.seatAny')}</option>
                {seats.data.map((seat) => (
                  <option key={seat.seatId} value={seat.seatId} disabled={seat.takenBy !== null && !seat.own}>
                    {nameOf(seat)}
                  </option>
                ))}
              </select>
            </label>
          )}
          <button
            type="button"
            className="main-button"
            disabled={going.isPending || seats.data?.length === 0}
            onClick={() => going.mutate(false)}
          >
            {say('duty.go')}
          </button>
        </div>
        <p className="quiet hint-line">{say('duty.goHint')}</p>
        <Failure
          of={going.error}
          action={
            taken && (
              <button type="button" className="plain" onClick={() => going.mutate(true)}>
                {say('phone.takeBack')}
              </button>
            )
          }
        />
      </section>
      <ToFinish records={toFinish} />
    </div>
  )
}
