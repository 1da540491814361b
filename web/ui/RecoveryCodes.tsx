import { useState } from 'react'
import { Notice } from './Notice.tsx'
import { useWords } from './words.ts'

/** Recovery codes, shown this once; `onDone` when the person says they are kept. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { say } = useWords()
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(codes.join('\n'))
    setCopied(true)
  }
  return (
    <section className="stack" aria-labelledby="codes-title">
      <h2 id="codes-title">{say('factor.codesTitle')}</h2>
      <Notice tone="soon">{say('factor.codesWhy')}</Notice>
      <ol className="recovery-codes number">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div className="row">
        <button type="button" className="main-button" onClick={onDone}>
          {say('factor.codesDone')}
        </button>
        <button type="button" className="plain" onClick={() => void copy()}>
          {say(copied ? 'factor.codesCopied' : 'factor.codesCopy')}
        </button>
      </div>
    </section>
  )
}
