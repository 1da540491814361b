/** Whose contact it is: read, and answered. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answerCaller, readContactCaller, type ContactCaller } from '../../api/callers.ts'
import type { Given } from '../ui/request.ts'
import { request } from '../ui/request.ts'

/**
 * Proposals, alerts and earlier contacts of a contact; live changes of callers make it be read again. While a call is only
 * offered it is read for itself: whoever answers may then say who it is.
 */
export const callerQuery = (contactId: string, offered = false) =>
  queryOptions({
    queryKey: ['callers', 'contact', contactId, offered],
    queryFn: () => request(readContactCaller, { params: { contactId } }),
  })

/** Whose contact it is; undefined until it was read. */
export const useCaller = (contactId: string, offered: boolean): ContactCaller | undefined =>
  useQuery(callerQuery(contactId, offered)).data

/** Says whose contact it is; what comes back is shown at once. */
export function useAnswer(contactId: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: Given<typeof answerCaller>['body']) =>
      request(answerCaller, { params: { contactId }, body }),
    onSuccess: (told) => cache.setQueryData(callerQuery(contactId).queryKey, told),
  })
}
