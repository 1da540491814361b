/** The directory at the side of a call: search, what was offered, and offering. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  listOffered,
  offerResource,
  searchResources,
  type Offered,
  type Resource,
} from '../../api/referral.ts'
import { regionPattern } from '../../domain/region.ts'
import type { offerWays } from '../../domain/resource.ts'
import { request } from '../ui/request.ts'

/** How something reached the caller. */
export type OfferWay = (typeof offerWays)[number]

/** What is looked for. */
export interface Wanted {
  text: string
  need: string
  place: string
  open: boolean
}

/** The first results of a search; the list at a call is short on purpose. */
export const useResults = (wanted: Wanted) =>
  useQuery({
    queryKey: ['resources', 'desk', wanted],
    queryFn: () =>
      request(searchResources, {
        query: {
          limit: 20,
          text: wanted.text || undefined,
          need: wanted.need || undefined,
          place: wanted.place || undefined,
          open: wanted.open ? 'now' : undefined,
        },
      }),
    placeholderData: (before: { rows: Resource[]; next: string | null } | undefined) => before,
  })

const offeredQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['offered', contactId],
    queryFn: () => request(listOffered, { params: { contactId } }),
  })

/** What was offered on a contact. */
export const useOffered = (contactId: string): Offered[] => useQuery(offeredQuery(contactId)).data ?? []

/** Records that something was offered. */
export function useOffer(contactId: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: { resourceId: string; how: OfferWay }) =>
      request(offerResource, { params: { contactId }, body }),
    onSuccess: (list) => cache.setQueryData(offeredQuery(contactId).queryKey, list),
  })
}

const stored = 'hearthline.place'

/** The place last looked at in this browser; callers of a hotline mostly come from one place. */
export const keptPlace = (): string => {
  const place = localStorage.getItem(stored) ?? ''
  return regionPattern.test(place) ? place : ''
}

/** Remembers the place for the next search. */
export const keepPlace = (place: string): void => localStorage.setItem(stored, place)
