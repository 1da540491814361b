import { useWords } from '../ui/words.ts'

/** The one-time set-up of a hotline. */
export function SetUp() {
  const { say } = useWords()
  return <h1>{say('admin.title')}</h1>
}
