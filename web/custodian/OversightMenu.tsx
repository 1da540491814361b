import './custody.css'
import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { Permission } from '../../domain/permission.ts'
import { useMe } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'

const parts = [
  { name: 'audit', to: '/custody/audit', right: 'audit.see' },
  { name: 'access', to: '/custody/access', right: 'access.see' },
  { name: 'glass', to: '/custody/glass', right: 'glass.review' },
  { name: 'registers', to: '/custody/registers', right: 'register.see' },
] as const satisfies { name: string; to: string; right: Permission }[]

/** The head of every page of oversight: its title and the parts this person may see. */
export function OversightMenu() {
  const { say } = useWords()
  const { rights } = useMe()
  const { pathname } = useLocation()
  const menu = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a phone the open part may lie beyond the edge.
    const here = menu.current?.querySelector('[aria-current=page]')
    here?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [pathname])
  return (
    <>
      <h1>{say('oversight.title')}</h1>
      <nav ref={menu} className="custody-menu" aria-label={say('oversight.parts')}>
        {parts
          .filter(({ right }) => rights.includes(right))
          .map(({ name, to }) => (
            <Link key={name} to={to} aria-current={pathname.startsWith(to) ? 'page' : undefined}>
              {say(`oversight.part.${name}`)}
            </Link>
          ))}
      </nav>
    </>
  )
}
