import { useWords } from '../ui/words.ts'

/** Administration; `/admin` and everything below it. */
export function Admin() {
  const { say } = useWords()
  return <h1>{say('admin.title')}</h1>
}
