/** Every screen of the staff app by its address; an area is loaded when it is first opened. */
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  useRouter,
} from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { z } from 'zod'
import { setUpState } from '../api/session.ts'
import type { Permission } from '../domain/permission.ts'
import { Login } from './ui/Login.tsx'
import { FailedPart, Skeleton } from './ui/Notice.tsx'
import { request } from './ui/request.ts'
import { sessionQuery, useMay } from './ui/session.ts'
import { firstPlace, Guard, Shell } from './ui/Shell.tsx'
import { useWords } from './ui/words.ts'

const Dock = lazy(async () => ({ default: (await import('./counsellor/Dock.tsx')).Dock }))

const ReportBar = lazy(async () => ({
  default: (await import('./supervisor/ReportBar.tsx')).ReportBar,
}))

const GlassBar = lazy(async () => ({ default: (await import('./custodian/GlassBar.tsx')).GlassBar }))

const HelpBar = lazy(async () => ({ default: (await import('./supervisor/HelpBar.tsx')).HelpBar }))

const DropBar = lazy(async () => ({ default: (await import('./counsellor/DropBar.tsx')).DropBar }))

const root = createRootRouteWithContext<{ cache: QueryClient }>()({ component: Outlet })

function LoginPage() {
  const router = useRouter()
  const { next } = login.useSearch()
  return (
    <Login
      onIn={(me) => {
        // Only an address of this app: never somewhere a link may point to.
        const safe = next?.startsWith('/') && !next.startsWith('//') ? next : firstPlace(me.rights)
        router.history.push(safe)
      }}
    />
  )
}

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: z.object({ next: z.string().max(500).optional() }),
  component: LoginPage,
})

const setUpPage = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./admin/SetUp.tsx'), 'SetUp'),
})

function Staff() {
  const onDuty = useMay('duty.own')
  const works = useMay('task.work')
  const acknowledges = useMay('report.acknowledge')
  const supervises = useMay('call.supervise')
  const reviews = useMay('glass.review')
  return (
    <Shell
      bar={
        <Suspense fallback={null}>
          {works && <DropBar />}
          {acknowledges && <ReportBar />}
          {supervises && <HelpBar />}
          {reviews && <GlassBar />}
        </Suspense>
      }
      dock={
        onDuty && (
          <Suspense fallback={<div className="dock" />}>
            <Dock />
          </Suspense>
        )
      }
    >
      <Outlet />
    </Shell>
  )
}

const staff = createRoute({
  getParentRoute: () => root,
  id: 'staff',
  beforeLoad: async ({ context, location }) => {
    const me = await context.cache.ensureQueryData(sessionQuery)
    if (me) return
    const state = await request(setUpState, {}).catch(() => ({ needed: false }))
    if (state.needed) throw redirect({ to: '/setup' })
    throw redirect({ to: '/login', search: location.pathname === '/' ? {} : { next: location.href } })
  },
  component: Staff,
})

/** A page of an area, seen only by those who hold the right. */
const page = <P extends string>(
  path: P,
  right: Permission,
  load: Parameters<typeof lazyRouteComponent>[0],
  name: string,
) => {
  const Page = lazyRouteComponent(load, name)
  return createRoute({
    getParentRoute: () => staff,
    path,
    component: () => (
      <Guard right={right}>
        <Page />
      </Guard>
    ),
  })
}

const home = createRoute({
  getParentRoute: () => staff,
  path: '/',
  beforeLoad: async ({ context }) => {
    const me = await context.cache.ensureQueryData(sessionQuery)
    throw redirect({ to: firstPlace(me?.rights ?? []) })
  },
})

const tree = root.addChildren([
  login,
  setUpPage,
  staff.addChildren([
    home,
    page('/desk', 'duty.own', () => import('./counsellor/Desk.tsx'), 'Desk'),
    page('/contacts', 'contact.list', () => import('./counsellor/Contacts.tsx'), 'Contacts'),
    page('/contacts/new', 'contact.byHand', () => import('./counsellor/ByHand.tsx'), 'ByHand'),
    page('/contacts/$id', 'contact.list', () => import('./counsellor/Contact.tsx'), 'Contact'),
    page('/callers', 'caller.alert', () => import('./counsellor/Callers.tsx'), 'Callers'),
    page('/callers/$id', 'caller.see', () => import('./counsellor/Caller.tsx'), 'Caller'),
    page('/tasks', 'task.work', () => import('./counsellor/Tasks.tsx'), 'Tasks'),
    page('/board', 'board.see', () => import('./supervisor/Wallboard.tsx'), 'Wallboard'),
    page('/reports', 'report.acknowledge', () => import('./supervisor/Reports.tsx'), 'Reports'),
    page('/exceptions', 'exception.see', () => import('./supervisor/Reports.tsx'), 'ExceptionsPage'),
    page('/incidents', 'incident.work', () => import('./supervisor/Incidents.tsx'), 'Incidents'),
    page('/incidents/$id', 'incident.work', () => import('./supervisor/Incident.tsx'), 'Incident'),
    page('/account', 'session.own', () => import('./account/Account.tsx'), 'Account'),
    page('/custody', 'custody.see', () => import('./custodian/Custody.tsx'), 'Custody'),
    page(
      '/custody/disclosures',
      'disclosure.see',
      () => import('./custodian/Disclosures.tsx'),
      'Disclosures',
    ),
    page(
      '/custody/disclosures/$id',
      'disclosure.see',
      () => import('./custodian/Disclosure.tsx'),
      'Disclosure',
    ),
    page('/custody/audit', 'audit.see', () => import('./custodian/Audit.tsx'), 'Audit'),
    page('/custody/access', 'access.see', () => import('./custodian/Access.tsx'), 'Access'),
    page('/custody/glass', 'glass.review', () => import('./custodian/Glass.tsx'), 'Glass'),
    page('/custody/registers', 'register.see', () => import('./custodian/Registers.tsx'), 'Registers'),
    page(
      '/custody/registers/$id',
      'register.see',
      () => import('./custodian/RegisterEntry.tsx'),
      'RegisterEntry',
    ),
    page('/admin', 'session.own', () => import('./admin/Admin.tsx'), 'Admin'),
    page('/admin/$', 'session.own', () => import('./admin/Admin.tsx'), 'Admin'),
  ]),
])

function Crashed({ error }: { error: unknown }) {
  const { say } = useWords()
  return (
    <div className="page">
      <FailedPart of={error} retry={() => location.reload()} />
      <p className="quiet">{say('state.crashedHint')}</p>
    </div>
  )
}

function NotFound() {
  const { say } = useWords()
  return (
    <div className="empty card">
      <h1>{say('state.notFound')}</h1>
      <p>{say('state.notFoundHint')}</p>
    </div>
  )
}

/** The router over one query cache. */
export const makeRouter = (cache: QueryClient) =>
  createRouter({
    routeTree: tree,
    context: { cache },
    defaultErrorComponent: Crashed,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: () => <Skeleton lines={6} />,
    defaultPendingMs: 300,
    scrollRestoration: true,
    // Plain addresses that a person can read and share: ?text=睡眠&risk=high
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const text = new URLSearchParams(
        Object.entries(search).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
      ).toString()
      return text === '' ? '' : `?${text}`
    },
  })
