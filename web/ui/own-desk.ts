/** The logged-in person's desk as every area may read it: duty and call as the server says. */
import { useQuery } from '@tanstack/react-query'
import { readDesk, type Desk } from '../../api/desk.ts'
import { request } from './request.ts'

/** The desk; pushed whole by live events. */
export const deskQuery = {
  queryKey: ['desk'],
  queryFn: () => request(readDesk, {}),
  staleTime: Number.POSITIVE_INFINITY,
}

/** The desk as it is now, or undefined while it is read. */
export const useDesk = (): Desk | undefined => useQuery(deskQuery).data
