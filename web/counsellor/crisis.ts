/** A contact's danger on the screens: read once for every part that shows it, changed by commands that answer with it. */
import { queryOptions, useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { openProtocol, readCrisis, saveStep, type Crisis } from '../../api/crisis.ts'
import { liveStore, onLive } from '../ui/live.ts'
import { request } from '../ui/request.ts'
import { StepKeeper, type ServerStep, type Step } from './step-keeper.ts'

/** The reading of a contact's danger. */
export const crisisQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['crisis', contactId],
    queryFn: () => request(readCrisis, { params: { contactId } }),
  })

/** A contact's danger as it is now, or undefined while it is read. */
export const useCrisis = (contactId: string): Crisis | undefined => useQuery(crisisQuery(contactId)).data

/** A command whose answer is the contact's danger afterwards. */
export function useCrisisCommand<G>(contactId: string, command: (given: G) => Promise<Crisis>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: command,
    onSuccess: (crisis) => cache.setQueryData(crisisQuery(contactId).queryKey, crisis),
    // Refused because somebody else was first: what is true is shown.
    onError: () => void cache.invalidateQueries(crisisQuery(contactId)),
  })
}

/** Opens a protocol, the one for suicide when none is named, and asks for a supervisor. */
export const useOpenProtocol = (contactId: string) =>
  useCrisisCommand(contactId, (protocol: string | null) =>
    request(openProtocol, { params: { contactId }, body: protocol === null ? {} : { protocol } }),
  )

/** Goes to the present step of the protocol that runs, once it is on the screen. */
export const toProtocol = (): void =>
  void setTimeout(() => {
    const within = (what: string): HTMLElement | null =>
      document.querySelector(`#crisis .protocol-runs ${what}`)
    const step = within('[aria-expanded="true"]') ?? within('.step-head')
    step?.scrollIntoView({ block: 'center' })
    step?.focus()
  }, 50)

const keepers = new Map<string, StepKeeper>()

const stepIn = (crisis: Crisis, runId: string, step: string): ServerStep | undefined =>
  crisis.runs.find((run) => run.runId === runId)?.steps.find((each) => each.step === step)

/** The keeper of a step: it outlives a change of page, until everything typed is saved. */
export function stepKeeperOf(
  cache: QueryClient,
  contactId: string,
  runId: string,
  { step, record, revision }: Step,
): StepKeeper {
  const key = `${runId} ${step}`
  const known = keepers.get(key)
  if (known) return known
  const start = { record, revision }
  const keep = (crisis: Crisis): ServerStep => {
    cache.setQueryData(crisisQuery(contactId).queryKey, crisis)
    return stepIn(crisis, runId, step) ?? start
  }
  const keeper = new StepKeeper(
    {
      read: async () => keep(await request(readCrisis, { params: { contactId } })),
      save: async (newRecord, onRevision, end) =>
        keep(
          await request(saveStep, {
            params: { runId, step },
            body: { record: newRecord, revision: onRevision, ...end },
          }),
        ),
    },
    start,
  )
  keepers.set(key, keeper)
  return keeper
}

onLive((event) => {
  if (event.type !== 'session-ended') return
  for (const keeper of keepers.values()) keeper.close()
  keepers.clear()
})

// The server is back: what waited is saved now, not at the next try.
liveStore.subscribe(() => {
  if (liveStore.read() !== 'live') return
  for (const keeper of keepers.values()) if (keeper.unsaved) void keeper.flush()
})

// What was typed in the last moment before a reload goes out with a request that outlives the page.
window.addEventListener('beforeunload', (event) => {
  for (const keeper of keepers.values()) {
    if (!keeper.unsaved) continue
    void keeper.flush()
    if (keeper.read().failure !== null) event.preventDefault()
  }
})
