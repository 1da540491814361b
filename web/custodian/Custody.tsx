import './custody.css'
import { Link, useSearch } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { useMay } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import { Certificates } from './Certificates.tsx'
import { Disposals } from './Disposals.tsx'
import { KeptList } from './KeptList.tsx'

const parts = {
  contacts: KeptList,
  disposals: Disposals,
  certificates: Certificates,
} as const satisfies Record<string, ComponentType>
type Part = keyof typeof parts
const names = Object.keys(parts) as Part[]

/** The custodian's desk: how long each contact is kept, what waits to be destroyed, what was. */
export function Custody() {
  const { say } = useWords()
  const mayDisclose = useMay('disclosure.see')
  const maySeeRegisters = useMay('register.see')
  const search: { part?: unknown } = useSearch({ strict: false })
  const part = names.find((each) => each === search.part) ?? 'contacts'
  const Shown = parts[part]
  return (
    <div className="stack">
      <h1>{say('custody.title')}</h1>
      <nav className="custody-menu" aria-label={say('custody.parts')}>
        {names.map((each) => (
          <Link
            key={each}
            to="/custody"
            search={each === 'contacts' ? {} : { part: each }}
            activeOptions={{ exact: true, includeSearch: true }}
            activeProps={{ 'aria-current': 'page' }}
          >
            {say(`custody.part.${each}`)}
          </Link>
        ))}
        {mayDisclose && <Link to="/custody/disclosures">{say('disclosure.title')}</Link>}
        {maySeeRegisters && <Link to="/custody/registers">{say('register.title')}</Link>}
      </nav>
      <Shown />
    </div>
  )
}
