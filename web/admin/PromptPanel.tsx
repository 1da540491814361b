import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import { replacePrompt, type prompt } from '../../api/administration.ts'
import { Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { lengthOf } from '../ui/time.ts'
import { useWords } from '../ui/words.ts'
import { Panel } from './Panel.tsx'
import { base64Of, startCapture, type Capture } from './sound-capture.ts'

/** What is replaced; a line's own greeting need not exist yet. */
type Replaced = Pick<z.output<typeof prompt>, 'key' | 'language' | 'part' | 'words'>

/** Choosing the sound: a file, or the microphone. */
function SoundChoice({ onChosen }: { onChosen: (sound: Blob) => void }) {
  const { say, language } = useWords()
  const [since, setSince] = useState<number | null>(null)
  const [now, setNow] = useState(0)
  const [failed, setFailed] = useState(false)
  const capture = useRef<Capture | null>(null)
  useEffect(() => {
    if (since === null) return
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [since])
  useEffect(() => () => capture.current?.cancel(), [])
  const start = async (): Promise<void> => {
    try {
      capture.current = await startCapture()
      setNow(Date.now())
      setSince(Date.now())
      setFailed(false)
    } catch {
      setFailed(true)
    }
  }
  const stop = async (): Promise<void> => {
    const running = capture.current
    capture.current = null
    setSince(null)
    if (running) onChosen(await running.stop())
  }
  return (
    <div className="stack">
      <div className="row">
        <label className="plain file-choice">
          {say('prompts.upload')}
          <input
            type="file"
            accept=".wav,audio/wav,audio/x-wav"
            onChange={(event) => {
              const file = event.target.files?.[0]
              if (file) onChosen(file)
            }}
          />
        </label>
        {since === null ? (
          <button type="button" className="plain" onClick={() => void start()}>
            ● {say('prompts.record')}
          </button>
        ) : (
          <button type="button" className="plain" onClick={() => void stop()}>
            ■ {say('prompts.stop')}
          </button>
        )}
        {since !== null && (
          <span role="status">{say('prompts.recording', { length: lengthOf(now - since, language) })}</span>
        )}
      </div>
      {failed && <Notice tone="soon">{say('prompts.noMicrophone')}</Notice>}
    </div>
  )
}

/** Replaces a prompt's sound and words by a new version. */
export function PromptPanel({
  prompt: old,
  title,
  onDone,
}: {
  prompt: Replaced
  /** What it is, in words; the key by default. */
  title?: string
  onDone: () => void
}) {
  const { say } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<{ words: string }>()
  const [chosen, setChosen] = useState<{ sound: Blob; address: string } | null>(null)
  useEffect(() => () => URL.revokeObjectURL(chosen?.address ?? ''), [chosen])
  const choose = (sound: Blob): void => setChosen({ sound, address: URL.createObjectURL(sound) })
  const saving = useMutation({
    mutationFn: async (words: string) =>
      request(replacePrompt, {
        params: { key: old.key, language: old.language, part: old.part },
        body: { words, wavBase64: chosen ? await base64Of(chosen.sound) : '' },
      }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['prompts'] })
      onDone()
    },
  })
  return (
    <Panel<{ words: string }>
      title={`${say('prompts.replace')}: ${title ?? old.key}`}
      hint={say('prompts.replaceHow')}
      form={form}
      start={{ words: old.words }}
      pending={saving.isPending || !chosen}
      failure={saving.error}
      onSave={({ words }) => saving.mutate(words)}
      onCancel={onDone}
    >
      <Form.Item
        name="words"
        label={say('prompts.words')}
        rules={[{ required: true }]}
        className="admin-wide"
      >
        <Input.TextArea autoSize={{ minRows: 2 }} maxLength={600} />
      </Form.Item>
      <div className="admin-wide stack">
        <SoundChoice onChosen={choose} />
        {chosen && <audio controls aria-label={say('prompts.listen')} src={chosen.address} />}
      </div>
    </Panel>
  )
}
