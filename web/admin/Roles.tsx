import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import { readRoles } from '../../api/roles.ts'
import type { Role } from '../../domain/permission.ts'
import type { Rule } from '../../domain/rule.ts'
import { FailedPart, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { useNarrow } from '../ui/use-narrow.ts'
import { useWords, type Say } from '../ui/words.ts'

type Matrix = Reply<typeof readRoles>
type RoleFacts = Matrix['roles'][number]

/** The groups of the guide: none of them may be empty (G24-3.3). */
const needed = ['administration', 'counselling', 'supervision']

function ruleWords(say: Say, rule: Rule): string {
  if (typeof rule === 'string') return say(`rule.${rule}`)
  if ('withinHours' in rule) return say('rule.withinHours', { hours: rule.withinHours })
  if ('purpose' in rule) {
    const purposes = rule.purpose.map((purpose) => say(`purpose.${purpose}`)).join(say('rule.comma'))
    return say('rule.purpose', { purposes })
  }
  if ('anyOf' in rule) return rule.anyOf.map((part) => ruleWords(say, part)).join(say('rule.or'))
  return rule.allOf.map((part) => ruleWords(say, part)).join(say('rule.and'))
}

function Cell({ rule }: { rule: Rule | undefined }) {
  const { say } = useWords()
  if (rule === undefined)
    return (
      <td className="roles-no">
        <span role="img" aria-label={say('roles.no')}>
          –
        </span>
      </td>
    )
  if (rule === 'always')
    return (
      <td className="roles-yes">
        <span role="img" aria-label={say('rule.always')}>
          ✓
        </span>
      </td>
    )
  const ways = typeof rule === 'object' && 'anyOf' in rule ? rule.anyOf : [rule]
  return (
    <td className="roles-if">
      <ul>
        {ways.map((way) => (
          <li key={JSON.stringify(way)}>{ruleWords(say, way)}</li>
        ))}
      </ul>
    </td>
  )
}

function Table({ rows, shown }: { rows: Matrix['rights']; shown: RoleFacts[] }) {
  const { say } = useWords()
  return (
    <div className="roles-scroll card" tabIndex={0} role="region" aria-label={say('admin.roles')}>
      <table className="roles-table">
        <thead>
          <tr>
            <th scope="col">{say('roles.right')}</th>
            {shown.map(({ role, people }) => (
              <th key={role} scope="col">
                {say(`people.role.${role}`)}
                <div className="quiet">{say('roles.people', { count: people })}</div>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ right, rules }) => (
            <tr key={right}>
              <th scope="row">{say(`right.${right}`)}</th>
              {shown.map(({ role }) => (
                <Cell key={role} rule={rules[role]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** What is wrong with who holds what: roles that are apart in one hand, a group of the guide with nobody in it. */
function Troubles({ matrix }: { matrix: Matrix }) {
  const { say } = useWords()
  const names = (some: readonly Role[]): string =>
    some.map((role) => say(`people.role.${role}`)).join(say('rule.comma'))
  return (
    <>
      {matrix.together.map((one) => (
        <Notice key={one.displayName} tone="danger">
          {say('roles.together', { name: one.displayName, roles: names(one.roles) })}
        </Notice>
      ))}
      {matrix.roles
        .filter(({ group, people }) => people === 0 && needed.includes(group))
        .map(({ role }) => (
          <Notice key={role} tone="soon">
            {say('roles.emptyGroup', { role: say(`people.role.${role}`) })}
          </Notice>
        ))}
    </>
  )
}

/** About each role: its group, what it looks at records for, what it is kept apart from. */
function About({ shown }: { shown: RoleFacts[] }) {
  const { say } = useWords()
  return (
    <ul className="roles-about">
      {shown.map(({ role, group, purposes, apart }) => (
        <li key={role} className="card">
          <strong>{say(`people.role.${role}`)}</strong> <span className="tag">{say(`group.${group}`)}</span>
          <p className="quiet">
            {say('roles.purposes', {
              purposes: purposes.map((purpose) => say(`purpose.${purpose}`)).join(say('rule.comma')),
            })}
          </p>
          {apart.length > 0 && (
            <p className="quiet">
              {say('roles.apart', {
                roles: apart.map((other) => say(`people.role.${other}`)).join(say('rule.comma')),
              })}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}

/** Who may do what: rights by roles, from the rules of the server; on a narrow screen one role at a time. */
export function Roles() {
  const { say } = useWords()
  const narrow = useNarrow()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<Role>('counsellor')
  const { data, error, refetch } = useQuery({ queryKey: ['roles'], queryFn: () => request(readRoles, {}) })
  if (!data) return error ? <FailedPart of={error} retry={() => void refetch()} /> : <Skeleton lines={10} />
  const shown = narrow ? data.roles.filter(({ role }) => role === chosen) : data.roles
  const rows = data.rights.filter(({ right }) =>
    `${right} ${say(`right.${right}`)}`.toLowerCase().includes(text.toLowerCase()),
  )
  return (
    <div className="stack">
      <p className="quiet">{say('roles.why')}</p>
      <Troubles matrix={data} />
      <div className="row">
        <SearchBox label={say('roles.search')} onSearch={setText} />
        {narrow && (
          <select
            className="box"
            aria-label={say('roles.role')}
            value={chosen}
            onChange={(event) => {
              const next = data.roles.find(({ role }) => role === event.target.value)
              if (next) setChosen(next.role)
            }}
          >
            {data.roles.map(({ role }) => (
              <option key={role} value={role}>
                {say(`people.role.${role}`)}
              </option>
            ))}
          </select>
        )}
      </div>
      {rows.length === 0 ? (
        <p className="empty card">{say('roles.noneFound')}</p>
      ) : (
        <Table rows={rows} shown={shown} />
      )}
      <About shown={shown} />
    </div>
  )
}
