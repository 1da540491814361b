import type { ReactNode } from 'react'
import type { DeskCall } from '../../api/desk.ts'
import { Hints } from './Hints.tsx'
import { useWords, type WordKey } from '../ui/words.ts'
import { EarlierContacts } from './EarlierContacts.tsx'
import { InstrumentPanel } from './InstrumentPanel.tsx'
import { ProtocolPanel } from './ProtocolPanel.tsx'
import { ResourcePanel } from './ResourcePanel.tsx'

/** One part of the desk's side: nothing is drawn around a panel that shows nothing. */
export interface SidePanel {
  key: string
  /** Its heading; null when the panel has none, or brings its own. */
  words: WordKey | null
  Panel: (props: { call: DeskCall }) => ReactNode
}

/** What stands beside the form, from the most urgent down: every slice adds its line. */
const sidePanels: readonly SidePanel[] = [
  { key: 'protocol', words: 'protocol.title', Panel: ProtocolPanel },
  { key: 'hints', words: null, Panel: Hints },
  { key: 'caller', words: null, Panel: EarlierContacts },
  { key: 'instruments', words: 'assess.title', Panel: InstrumentPanel },
  { key: 'resources', words: null, Panel: ResourcePanel },
]

/** The panels beside the call. */
export function SidePanels({ call }: { call: DeskCall }) {
  const { say } = useWords()
  return sidePanels.map(({ key, words, Panel }) => (
    <section key={key} className="side-panel" data-panel={key}>
      {words && <h3>{say(words)}</h3>}
      <Panel call={call} />
    </section>
  ))
}
