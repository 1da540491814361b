/** The staff app: words, session, live updates, then the screens. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { FreshPanel } from './ui/FreshPanel.tsx'
import { feedCache, onLive, openLive } from './ui/live.ts'
import { Look } from './ui/Look.tsx'
import './ui/look.css'
import './ui/work.css'
import './ui/crisis.css'
import './ui/board.css'
import { Refusal } from './ui/request.ts'
import { makeRouter } from './router.tsx'
import { forgetSession, sessionQuery } from './ui/session.ts'
import { changeLanguage, keptLanguage, startWords } from './ui/words.ts'

/** A session that ended anywhere ends everywhere: back to the log-in. */
const endOn = (failure: unknown): void => {
  if (failure instanceof Refusal && failure.code === 'session.needed') endSession()
}

const cache = new QueryClient({
  queryCache: new QueryCache({ onError: endOn }),
  mutationCache: new MutationCache({ onError: endOn }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (times, failure) => times < 2 && failure instanceof Refusal && failure.code === 'network',
    },
  },
})
const router = makeRouter(cache)

function endSession(): void {
  if (!cache.getQueryData(sessionQuery.queryKey)) return
  forgetSession(cache)
  void router.navigate({ to: '/login' })
}

/** Opens the live connection while somebody is logged in, and speaks the hotline's language until they choose. */
function followSession(): () => void {
  const follow = (): void => {
    const me = cache.getQueryData<{ hotline: { language: 'zh-CN' | 'en' } } | null>(sessionQuery.queryKey)
    if (!me) return
    openLive()
    if (keptLanguage() === null) changeLanguage(me.hotline.language, false)
  }
  follow()
  return cache.getQueryCache().subscribe((change) => {
    if (change.type === 'updated' && change.query.queryKey[0] === 'session') follow()
  })
}

function App() {
  useEffect(() => {
    const stops = [
      followSession(),
      feedCache(cache),
      onLive((event) => {
        if (event.type === 'session-ended') endSession()
      }),
    ]
    return () => stops.forEach((stop) => stop())
  }, [])
  return (
    <>
      <RouterProvider router={router} />
      <FreshPanel />
    </>
  )
}

await startWords()
const app = document.getElementById('app')
if (app)
  createRoot(app).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <Look>
          <App />
        </Look>
      </QueryClientProvider>
    </StrictMode>,
  )
