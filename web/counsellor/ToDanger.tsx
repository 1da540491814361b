import { useWords } from '../ui/words.ts'
import { jumpTo } from './form-places.ts'

/** After a critical answer: to the danger question, which is always in sight at the side of the call. */
export function ToDanger() {
  const { say } = useWords()
  return (
    <button type="button" className="danger-button instrument-danger" onClick={() => jumpTo('danger')}>
      {say('assess.toDanger')}
    </button>
  )
}
