/* What keys and recordings need outside of this machine: the program of a key management system, a store of objects. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Settings } from '../settings.ts'
import { about, type Finding } from './finding.ts'

const answersWithinMs = 10_000

/** Whether the operator's program gives back what it wrapped; nothing is found where there is none. */
export function lookAtKms({ kms }: Settings): Finding[] {
  if (kms === null) return []
  const { ok, fail } = about('kms')
  const secret = randomBytes(32).toString('base64')
  const wrapped = answerOf(kms, 'wrap', secret)
  const back = wrapped === null || wrapped === secret ? null : answerOf(kms, 'unwrap', wrapped)
  return [
    back === secret
      ? ok('HEARTHLINE_KMS_COMMAND wraps and unwraps.', '密钥管理程序可用。')
      : fail(
          'HEARTHLINE_KMS_COMMAND does not give back what it wrapped: Hearthline would not start (docs/operators.md).',
          '密钥管理程序不可用,服务将无法启动。',
        ),
  ]
}

function answerOf(program: string, verb: string, input: string): string | null {
  const { status, stdout } = spawnSync(program, [verb], { input, timeout: answersWithinMs, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** Whether the store answers at all; whether its keys fit shows on the board when the first recording is moved. */
export async function lookAtStore({ store }: Settings): Promise<Finding[]> {
  if (!store) return []
  const { ok, warn } = about('store')
  const address = store.endpoint ?? 'https://s3.amazonaws.com'
  const isThere = await fetch(address, { signal: AbortSignal.timeout(answersWithinMs) }).then(
    () => true,
    () => false,
  )
  return [
    isThere
      ? ok('The store of recordings answers.', '录音存储可用。')
      : warn(
          'The store of recordings does not answer: recordings stay in the data folder until it does.',
          '录音存储不可用,录音暂存本机。',
        ),
  ]
}
