import { useQuery } from '@tanstack/react-query'
import { Link, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useSyncExternalStore, type ReactNode } from 'react'
import type { Permission } from '../../domain/permission.ts'
import { KeyMap } from './KeyMap.tsx'
import { liveStore } from './live.ts'
import { sessionQuery, useLogOut, useMe } from './session.ts'
import { Switches } from './Switches.tsx'
import { useWords, type WordKey } from './words.ts'

const places: {
  to: string
  words: WordKey
  right: Permission
  /** Not shown to those who come there from another place. */
  unless?: Permission
  /** Beginnings of other addresses that belong to it. */
  also?: readonly string[]
}[] = [
  { to: '/desk', words: 'nav.desk', right: 'duty.own' },
  { to: '/tasks', words: 'nav.tasks', right: 'task.work' },
  { to: '/contacts', words: 'nav.contacts', right: 'contact.list' },
  { to: '/callers', words: 'nav.callers', right: 'caller.alert' },
  { to: '/board', words: 'nav.board', right: 'board.see' },
  { to: '/reports', words: 'nav.reports', right: 'report.acknowledge' },
  {
    to: '/exceptions',
    words: 'nav.exceptions',
    right: 'exception.see',
    unless: 'report.acknowledge',
  },
  { to: '/incidents', words: 'nav.incidents', right: 'incident.work' },
  { to: '/custody/disclosures', words: 'nav.disclosures', right: 'disclosure.see', unless: 'custody.see' },
  { to: '/custody', words: 'nav.custody', right: 'custody.see' },
  {
    to: '/custody/audit',
    words: 'nav.oversight',
    right: 'audit.see',
    also: ['/custody/access', '/custody/glass', '/custody/registers'],
  },
  { to: '/custody/glass', words: 'nav.glass', right: 'glass.review', unless: 'audit.see' },
  { to: '/admin', words: 'nav.admin', right: 'line.event' },
  // Security and audit have their own parts of it.
  { to: '/admin', words: 'nav.admin', right: 'role.see', unless: 'line.event' },
]

type Place = (typeof places)[number]

/** The place an address belongs to: the one that names most of it. */
function placeOf(mine: readonly Place[], pathname: string): Place | undefined {
  const known = (place: Place): number =>
    Math.max(...[place.to, ...(place.also ?? [])].map((to) => (pathname.startsWith(to) ? to.length : 0)))
  return mine.filter((place) => known(place) > 0).toSorted((a, b) => known(b) - known(a))[0]
}

/** Where a person begins after log-in: the first place their role has, else the own account, which everybody has. */
export const firstPlace = (rights: readonly Permission[]): string =>
  places.find((place) => rights.includes(place.right))?.to ?? '/account'

function LiveMark() {
  const { say } = useWords()
  const state = useSyncExternalStore(liveStore.subscribe, liveStore.read)
  return (
    <span className={`live live-${state}`} role="status" title={say(`live.${state}`)}>
      {state === 'lost' ? '' : say(`live.${state}`)}
    </span>
  )
}

function LostBar() {
  const { say } = useWords()
  const state = useSyncExternalStore(liveStore.subscribe, liveStore.read)
  if (state !== 'lost') return null
  return (
    <div className="lost-bar" role="alert">
      <span aria-hidden="true">! </span>
      {say('live.lost')}
    </div>
  )
}

/** The frame of every staff screen: menu, who I am, what waits to be acknowledged (`bar`), the call (`dock`), then the page. */
export function Shell({ bar, dock, children }: { bar: ReactNode; dock: ReactNode; children: ReactNode }) {
  const { say } = useWords()
  const me = useMe()
  const leave = useLogOut()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const mine = places.filter(
    ({ right, unless }) => me.rights.includes(right) && !(unless && me.rights.includes(unless)),
  )
  const here = placeOf(mine, pathname)
  const title = here ? `${say(here.words)} · ${me.hotline.name}` : me.hotline.name
  useEffect(() => {
    document.title = title
  }, [title])
  const logOut = async (): Promise<void> => {
    await leave()
    await navigate({ to: '/login' })
  }
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {say('app.skip')}
      </a>
      <header className="top">
        <span className="brand">
          <span className="mark" aria-hidden="true" />
          <span className="brand-name">{me.hotline.name}</span>
          {me.hotline.demo && (
            <span className="tag" title={say('app.demoHint')}>
              {say('app.demo')}
            </span>
          )}
        </span>
        <nav aria-label={say('nav.label')} className="menu">
          {mine.map((place) => (
            <Link
              key={place.to}
              to={place.to}
              activeOptions={{ exact: true, includeSearch: false }}
              aria-current={place === here ? 'page' : undefined}
            >
              {say(place.words)}
            </Link>
          ))}
        </nav>
        <span className="me">
          <LiveMark />
          <Switches />
          <Link to="/account" className="me-name" title={say('nav.account')}>
            {me.displayName}
          </Link>
          <button type="button" className="quiet-button" onClick={() => void logOut()}>
            {say('nav.logOut')}
          </button>
        </span>
      </header>
      <LostBar />
      {bar}
      {dock}
      <main id="content" className="page" tabIndex={-1}>
        {children}
      </main>
      <KeyMap />
    </div>
  )
}

/** Shows its children only to those who hold the right; everybody else is told so. */
export function Guard({ right, children }: { right: Permission; children: ReactNode }) {
  const { say } = useWords()
  const { data: me } = useQuery(sessionQuery)
  if (me?.rights.includes(right)) return children
  return <p className="empty card">{say('state.noRight')}</p>
}
