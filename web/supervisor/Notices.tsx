import { Link } from '@tanstack/react-router'
import type { Board } from '../../api/board.ts'
import { Notice } from '../ui/Notice.tsx'
import { useMay } from '../ui/session.ts'
import { lengthOf } from '../ui/time.ts'
import { useNow } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

type Told = Board['notices'][number]

/** Where somebody who may look into it finds more. */
function See({ notice }: { notice: Told }) {
  const { say } = useWords()
  const [seesTrunks, seesLimits] = [useMay('trunk.change'), useMay('hotline.change')]
  if (notice.trunk !== null && seesTrunks)
    return (
      <>
        {' · '}
        <Link to="/admin/trunks">{say('board.noticeSee.trunks')}</Link>
      </>
    )
  if (notice.kind === 'outbound-limit' && seesLimits)
    return (
      <>
        {' · '}
        <Link to="/admin/hotline">{say('board.noticeSee.hotline')}</Link>
      </>
    )
  return null
}

/** Troubles that last, each with since when, and where to look. */
export function Notices({ notices }: { notices: Board['notices'] }) {
  const { say, language } = useWords()
  const now = useNow(10_000)
  return notices.map((notice) => (
    <Notice key={`${notice.kind} ${notice.trunk ?? ''}`} tone="soon">
      <span className="strong">{say(`board.notice.${notice.kind}`, { trunk: notice.trunk ?? '' })}</span>{' '}
      <span className="quiet">
        {say('board.noticeSince', { length: lengthOf(now - Date.parse(notice.since), language) })}
        {notice.count !== null && ` · ${say('board.noticeCount', { count: notice.count })}`}
      </span>
      <See notice={notice} />
    </Notice>
  ))
}
