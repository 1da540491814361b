import './admin.css'
import { Link, useLocation } from '@tanstack/react-router'
import { type ComponentType, useEffect, useRef } from 'react'
import type { Permission } from '../../domain/permission.ts'
import { useMe } from '../ui/session.ts'
import { useWords, type WordKey } from '../ui/words.ts'
import { Escalation } from './Escalation.tsx'
import { Forms } from './Forms.tsx'
import { HotlinePart } from './HotlinePart.tsx'
import { Instruments } from './Instruments.tsx'
import { Lines } from './Lines.tsx'
import { People } from './People.tsx'
import { Prompts } from './Prompts.tsx'
import { Resources } from './Resources.tsx'
import { Roles } from './Roles.tsx'
import { Seats } from './Seats.tsx'
import { Trunks } from './Trunks.tsx'

const parts: { path: string; words: WordKey; right: Permission; Part: ComponentType }[] = [
  { path: '/admin/lines', words: 'admin.lines', right: 'line.event', Part: Lines },
  { path: '/admin/seats', words: 'admin.seats', right: 'seat.change', Part: Seats },
  { path: '/admin/people', words: 'admin.people', right: 'person.change', Part: People },
  { path: '/admin/roles', words: 'admin.roles', right: 'role.see', Part: Roles },
  { path: '/admin/prompts', words: 'admin.prompts', right: 'prompt.change', Part: Prompts },
  { path: '/admin/forms', words: 'admin.forms', right: 'form.change', Part: Forms },
  { path: '/admin/resources', words: 'admin.resources', right: 'resource.change', Part: Resources },
  { path: '/admin/trunks', words: 'admin.trunks', right: 'trunk.change', Part: Trunks },
  { path: '/admin/escalation', words: 'escalation.title', right: 'escalation.change', Part: Escalation },
  { path: '/admin/instruments', words: 'admin.instruments', right: 'instrument.change', Part: Instruments },
  { path: '/admin/hotline', words: 'admin.hotline', right: 'hotline.change', Part: HotlinePart },
]

/** Administration; `/admin` and everything below it. */
export function Admin() {
  const { say } = useWords()
  const me = useMe()
  const { pathname } = useLocation()
  const mine = parts.filter((part) => me.rights.includes(part.right))
  const current = mine.find((part) => pathname.startsWith(part.path)) ?? mine[0]
  const menu = useRef<HTMLElement>(null)
  const path = current?.path
  // On a phone the menu is longer than the screen: where one is stays in sight.
  useEffect(() => {
    const here = menu.current?.querySelector('[aria-current]')
    here?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [path])
  if (!current) return <p className="empty card">{say('state.noRight')}</p>
  const { Part } = current
  return (
    <>
      <h1>{say('admin.title')}</h1>
      <nav className="admin-menu" aria-label={say('admin.menu')} ref={menu}>
        {mine.map((part) => (
          <Link key={part.path} to={part.path} aria-current={part === current ? 'page' : undefined}>
            {say(part.words)}
          </Link>
        ))}
      </nav>
      <Part />
    </>
  )
}
