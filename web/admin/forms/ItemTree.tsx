import { useEffect, useRef, type KeyboardEvent } from 'react'
import { allItems, isCore, type Item } from '../../../domain/questionnaire.ts'
import { useWords } from '../../ui/words.ts'
import { calledBy } from './phrases.ts'

/** What a key in the tree does to the chosen item. */
export type TreeDeed = 'up' | 'down' | 'out' | 'in' | 'remove'

const deeds: Record<string, TreeDeed> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'out',
  ArrowRight: 'in',
}

interface Props {
  items: readonly Item[]
  /** Link ids of what can be changed here; the others are shown, and locked. */
  own: ReadonlySet<string>
  faulty: ReadonlySet<string>
  chosen: string | null
  choose: (linkId: string) => void
  act: (deed: TreeDeed) => void
}

type RowProps = Omit<Props, 'items' | 'act'> & { item: Item; level: number }

function Row({ item, level, own, faulty, chosen, choose }: RowProps) {
  const { say, language } = useWords()
  const selected = item.linkId === chosen
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // After a move the row stands elsewhere; the focus goes with it.
    if (selected && row.current?.closest('[role="tree"]')?.contains(document.activeElement))
      row.current.focus()
  })
  return (
    <>
      <div
        ref={row}
        role="treeitem"
        aria-level={level}
        aria-selected={selected}
        aria-expanded={item.item?.length ? true : undefined}
        tabIndex={selected ? 0 : -1}
        data-link-id={item.linkId}
        className={`form-row form-row-${item.type === 'group' || item.type === 'display' ? item.type : 'question'}`}
        data-locked={own.has(item.linkId) ? undefined : ''}
        style={{ paddingInlineStart: `${level * 16 - 4}px` }}
        onClick={() => choose(item.linkId)}
        onKeyDown={(event) => event.key === 'Enter' && choose(item.linkId)}
      >
        <span className="form-row-words">{calledBy(item, { say, language })}</span>
        {item.required === true && (
          <span role="img" aria-label={say('forms.required')} title={say('forms.required')}>
            ＊
          </span>
        )}
        {isCore(item) && (
          <span className="quiet" role="img" aria-label={say('forms.core')} title={say('forms.core')}>
            ◆
          </span>
        )}
        {faulty.has(item.linkId) && (
          <span className="tag tag-soon">
            <span aria-hidden="true">! </span>
            {say('forms.faultMark')}
          </span>
        )}
      </div>
      {item.item?.map((each) => (
        <Row
          key={each.linkId}
          item={each}
          level={level + 1}
          own={own}
          faulty={faulty}
          chosen={chosen}
          choose={choose}
        />
      ))}
    </>
  )
}

/** The items of a form as a tree: arrow keys choose, with Alt they move what is chosen. */
export function ItemTree({ items, act, ...props }: Props) {
  const { say } = useWords()
  const order = allItems(items).map((each) => each.linkId)
  const { chosen, choose } = props
  const current = chosen !== null && order.includes(chosen) ? chosen : (order[0] ?? null)
  const tree = useRef<HTMLDivElement>(null)
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey) return
    const deed = event.altKey ? deeds[event.key] : event.key === 'Delete' ? 'remove' : undefined
    const at = current === null ? -1 : order.indexOf(current)
    const steps: Record<string, number> = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      Home: 0,
      End: order.length - 1,
    }
    const to = event.altKey ? undefined : order[steps[event.key] ?? -1]
    if (deed === undefined && to === undefined) return
    event.preventDefault()
    if (deed) act(deed)
    else if (to !== undefined) {
      choose(to)
      tree.current?.querySelector<HTMLElement>(`[data-link-id="${to}"]`)?.focus()
    }
  }
  return (
    <div ref={tree} role="tree" className="form-tree" aria-label={say('forms.tree')} onKeyDown={press}>
      {items.map((item) => (
        <Row key={item.linkId} item={item} level={1} {...props} chosen={current} />
      ))}
    </div>
  )
}
