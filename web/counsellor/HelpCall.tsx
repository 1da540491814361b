import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { askHelp, readHelp, withdrawHelp } from '../../api/supervise.ts'
import { onLive } from '../ui/live.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'

/** The counsellor's call for help: asks, takes back, and knows how it stands (G24-5.3.5). */
export function useHelp(contactId: string) {
  const cache = useQueryClient()
  const queryKey = ['help', contactId]
  const { data } = useQuery({
    queryKey,
    queryFn: () => request(readHelp, { params: { contactId } }),
    // While supervisors are rung one after the other the number asked goes up.
    refetchInterval: (query) => (query.state.data && !query.state.data.answeredBy ? 5_000 : false),
  })
  useEffect(
    () =>
      onLive((event) => {
        if (event.type === 'crisis' && event.contactId === contactId) {
          void cache.invalidateQueries({ queryKey: ['help', contactId] })
        }
      }),
    [cache, contactId],
  )
  const asking = useMutation({
    mutationFn: () => request(askHelp, { params: { contactId } }),
    onSuccess: (row) => cache.setQueryData(queryKey, row),
  })
  const withdrawing = useMutation({
    mutationFn: () => request(withdrawHelp, { params: { contactId } }),
    onSuccess: () => cache.setQueryData(queryKey, null),
  })
  return { help: data ?? null, asking, withdrawing }
}

/** How the call for help stands: who was asked, who is coming, and the way to take it back. */
export function HelpState({ call }: { call: DeskCall }) {
  const { say } = useWords()
  const { help, withdrawing } = useHelp(call.contactId)
  const isThere = call.members.some((member) => member.kind === 'supervisor' && member.joined)
  if (!help || (help.answeredBy && isThere)) return null
  const ringing = say(help.asked === 0 ? 'help.nobody' : 'help.calling', { n: help.asked })
  return (
    <span className="row" role="status">
      <span className={`tag ${help.answeredBy ? 'tag-main' : 'tag-soon'}`}>
        {help.answeredBy ? say('help.coming', { name: help.answeredBy }) : ringing}
      </span>
      {!help.answeredBy && (
        <button
          type="button"
          className="quiet-button"
          disabled={withdrawing.isPending}
          onClick={() => withdrawing.mutate()}
        >
          {say('help.withdraw')}
        </button>
      )}
      <Failure of={withdrawing.error} />
    </span>
  )
}
