import { useState } from 'react'
import type { Board } from '../../api/board.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords, type Say } from '../ui/words.ts'

type Light = Board['lights'][number]
const shapes: Record<Light['colour'], string> = { green: '●', amber: '◆', red: '▲' }

const figure = (light: Pick<Light, 'unit'>, value: number, language: 'zh-CN' | 'en'): string => {
  if (light.unit === 'ms') return lengthOf(value, language)
  if (light.unit === 'opinion') return value.toFixed(1)
  return light.unit === 'share' ? `${Math.round(value * 100)} %` : String(value)
}

/** The rule behind a light in a sentence, with the figure it looks at now. */
function ruleOf(light: Light, say: Say, language: 'zh-CN' | 'en'): string {
  const [amber, red] = [figure(light, light.amber, language), figure(light, light.red, language)]
  const atOnce = light.worse === 'higher' && light.unit === 'ms' && light.amber === 0
  const rule = say(atOnce ? 'light.rule.higherAny' : `light.rule.${light.worse}`, { amber, red })
  return `${say(`light.what.${light.kind}`)} ${rule}`
}

/** The line with the smallest share of its least, as `1/2`. */
const leastStaffed = (lines: Board['lines']): string => {
  const [first] = lines.toSorted(
    (a, b) => a.staffed / Math.max(1, a.least) - b.staffed / Math.max(1, b.least),
  )
  return first ? `${first.staffed}/${first.least}` : ''
}

/** Every light: shape, word, figure; pressing one shows the rule behind it (G24-5.3.6). */
export function Lights({ board }: { board: Board }) {
  const { lights, at } = board
  const { say, language } = useWords()
  const now = useNow()
  const [open, setOpen] = useState<Light['kind'] | null>(null)
  // Times go on between two boards.
  const valueOf = (light: Light): string => {
    if (light.value === null) return say('light.none')
    if (light.kind === 'seats') return leastStaffed(board.lines)
    const grown = light.unit === 'ms' ? Math.max(0, now - Date.parse(at)) : 0
    return figure(light, light.value + grown, language)
  }
  const shown = lights.find((light) => light.kind === open)
  return (
    <section aria-label={say('board.lights')}>
      <ul className="lights">
        {lights.map((light) => (
          <li key={light.kind}>
            <button
              type="button"
              className={`light light-${light.colour}`}
              aria-expanded={open === light.kind}
              aria-controls="light-rule"
              title={ruleOf(light, say, language)}
              onClick={() => setOpen(open === light.kind ? null : light.kind)}
              onKeyDown={(event) => event.key === 'Escape' && setOpen(null)}
            >
              <span className="light-shape" aria-hidden="true">
                {shapes[light.colour]}
              </span>
              <span className="light-name">{say(`light.kind.${light.kind}`)}</span>
              <span className="light-word">
                {say(`light.${light.colour}`)} · <span className="number">{valueOf(light)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <div id="light-rule" role="status">
        {shown && (
          <p className="light-rule">
            <span className="strong">{say(`light.kind.${shown.kind}`)}</span> {ruleOf(shown, say, language)}{' '}
            {say('light.now', { value: valueOf(shown) })}
          </p>
        )}
      </div>
    </section>
  )
}
