import { moves } from './call.ts'
import type { CallEventType, CallState } from './call-state.ts'

/** The page docs/call-flow.md: the call's states and moves as a Mermaid picture and a table, printed from the table in call.ts. */
export function callFlow(): string {
  const arrows = new Map<string, CallEventType[]>()
  const rows: string[] = []
  for (const [state, taken] of Object.entries(moves) as [CallState, (typeof moves)[CallState]][]) {
    for (const [event, next] of Object.entries(taken) as [CallEventType, readonly CallState[]][]) {
      rows.push(`| ${state} | ${event} | ${next.join(', ')} |`)
      for (const to of next) {
        if (to === state) continue
        const arrow = `${name(state)} --> ${name(to)}`
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), event])
      }
    }
  }
  const picture = [...arrows].map(([arrow, events]) => `  ${arrow}: ${events.join(', ')}`)
  return [
    '# How a call flows',
    '',
    'Printed from the table in `domain/call.ts` by `node test/call-flow.ts`; a test fails when it is out of date.',
    'Events that keep the state are only in the table below. An event that is not in the table is refused.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> greeting',
    ...picture,
    '  closed --> [*]',
    '  failed --> [*]',
    '```',
    '',
    '| state | event | leads to |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const name = (state: CallState): string => state.replace('-', '_')
