/** Who is logged in, and what they may see. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { logOut, whoAmI, type Me } from '../../api/session.ts'
import type { Permission } from '../../domain/permission.ts'
import { closeLive } from './live.ts'
import { Refusal, request } from './request.ts'

/** The query of the logged-in person; null when nobody is logged in. */
export const sessionQuery = {
  queryKey: ['session'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await request(whoAmI, {})
    } catch (failure) {
      if (failure instanceof Refusal && failure.code === 'session.needed') return null
      throw failure
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: 1,
}

/** The logged-in person; only inside screens that need one. */
export function useMe(): Me {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Refusal('session.needed')
  return data
}

/** Whether the logged-in person holds a right. */
export function useMay(right: Permission): boolean {
  const { data } = useQuery(sessionQuery)
  return data?.rights.includes(right) ?? false
}

/** The zone of the hotline, in which all times are shown. */
export const useZone = (): string => useMe().hotline.timeZone

/** Forgets everything of the person who was logged in. */
export function forgetSession(cache: QueryClient): void {
  closeLive()
  cache.clear()
  cache.setQueryData(['session'], null)
}

/** Ends the session here and on the server. */
export function useLogOut(): () => Promise<void> {
  const cache = useQueryClient()
  return async () => {
    await request(logOut, {})
    forgetSession(cache)
  }
}
