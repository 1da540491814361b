import Popconfirm from 'antd/es/popconfirm'
import { useWords } from '../ui/words.ts'

/** A quiet button that asks once more before something is removed. */
export function RemoveButton({ onRemove }: { onRemove: () => void }) {
  const { say } = useWords()
  return (
    <Popconfirm
      title={say('admin.sure')}
      okText={say('admin.remove')}
      cancelText={say('admin.cancel')}
      onConfirm={onRemove}
    >
      <button type="button" className="plain">
        {say('admin.remove')}
      </button>
    </Popconfirm>
  )
}
