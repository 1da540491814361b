/** Files that are given only to somebody fresh: a download cannot ask who one is, so that is asked before it. */
import { checkFresh } from '../../api/account.ts'
import { request } from './request.ts'

/** Downloads a file of this server after the person has shown who they are; throws `session.notFresh` when they would not. */
export async function downloadFile(path: string): Promise<void> {
  await request(checkFresh, {})
  const link = document.createElement('a')
  link.href = path
  link.download = ''
  link.click()
}
