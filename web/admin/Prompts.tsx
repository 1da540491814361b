import { useState } from 'react'
import type { z } from 'zod'
import { listPrompts, promptSoundPath, type prompt } from '../../api/administration.ts'
import { request } from '../ui/request.ts'
import { useZone } from '../ui/session.ts'
import { clockFace, dayOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { KeyedList } from './KeyedList.tsx'
import { PromptPanel } from './PromptPanel.tsx'

type Prompt = z.output<typeof prompt>

const nameOf = (row: Prompt): string => `${row.key}/${row.language}/${row.part}`

/** A line's own greeting is kept under the line's id, which says nothing to a reader. */
const isLineGreeting = (key: string): boolean => /^greeting-[0-9a-f-]{36}$/.test(key)

/** Prompts: what callers hear, in its present version. */
export function Prompts() {
  const { say } = useWords()
  const zone = useZone()
  const [open, setOpen] = useState<Prompt | null>(null)
  return (
    <div className="stack">
      {open && <PromptPanel key={nameOf(open)} prompt={open} onDone={() => setOpen(null)} />}
      <KeyedList<Prompt>
        name="prompts"
        read={(query) => request(listPrompts, { query })}
        rowKey={nameOf}
        empty={say('prompts.empty')}
        columns={[
          {
            title: say('admin.name'),
            render: (_, row) => (
              <>
                {isLineGreeting(row.key) ? say('prompts.lineGreeting') : row.key}
                {row.part > 0 && <span className="quiet"> {say('prompts.part', { part: row.part })}</span>}
                <br />
                <span className="tag">{say(`prompts.language.${row.language}`)}</span>
              </>
            ),
          },
          { title: say('prompts.words'), render: (_, row) => <p className="prompt-words">{row.words}</p> },
          {
            title: say('prompts.version'),
            render: (_, row) => (
              <>
                <span className="number">
                  {row.version} · {clockFace(row.durationMs)}
                </span>
                <br />
                <span className="quiet">
                  {row.shipped
                    ? say('prompts.shipped')
                    : say('prompts.changed', {
                        person: row.changedBy ?? '',
                        day: dayOf(Date.parse(row.changedAt), zone),
                      })}
                </span>
              </>
            ),
          },
          {
            title: say('prompts.listen'),
            render: (_, row) => (
              <audio
                controls
                preload="none"
                aria-label={`${say('prompts.listen')}: ${row.words}`}
                src={promptSoundPath(row.key, row.language, row.part, row.version)}
              />
            ),
          },
          {
            title: '',
            render: (_, row) => (
              <button type="button" className="plain" onClick={() => setOpen(row)}>
                {say('prompts.replace')}
              </button>
            ),
          },
        ]}
      />
    </div>
  )
}
