import { useState } from 'react'
import { useKeys, useKeyTable, type Key } from './keys.ts'
import { useWords } from './words.ts'

const groups = ['keys.groupCall', 'keys.groupForm', 'keys.groupScreen'] as const

function Group({ title, keys }: { title: (typeof groups)[number]; keys: readonly Key[] }) {
  const { say } = useWords()
  if (keys.length === 0) return null
  return (
    <section>
      <h3>{say(title)}</h3>
      <dl className="key-list">
        {keys.map((entry) => (
          <div key={entry.key}>
            <dt>
              <kbd>{entry.key}</kbd>
            </dt>
            <dd>{say(entry.words)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** The map of keys: `?` opens and closes it, a panel beside the work, never over it. */
export function KeyMap() {
  const { say } = useWords()
  const [open, setOpen] = useState(false)
  const all = useKeyTable()
  // The newest meaning of a key is the one in force.
  const table = all.filter((entry, place) => all.findLastIndex((k) => k.key === entry.key) === place)
  useKeys([
    { key: '?', words: 'keys.map', group: 'keys.groupScreen', run: () => setOpen(!open) },
    ...(open
      ? [
          {
            key: 'Escape',
            words: 'keys.close',
            group: 'keys.groupScreen',
            run: () => setOpen(false),
          } satisfies Key,
        ]
      : []),
  ])
  if (!open) return null
  return (
    <aside className="key-map card" aria-label={say('keys.title')}>
      <h2>{say('keys.title')}</h2>
      {groups.map((group) => (
        <Group key={group} title={group} keys={table.filter((k) => k.group === group)} />
      ))}
      <button type="button" className="plain" onClick={() => setOpen(false)}>
        {say('do.close')}
      </button>
    </aside>
  )
}
