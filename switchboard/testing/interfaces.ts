/* A switchboard on a machine with two networks and an external address, and what callers from each are told: one JSON line. */
import { TestPhone } from '../media/test-phone.ts'
import { readAudio } from '../sdp/audio.ts'
import { startSipStack } from '../sip/stack.ts'
import { channelId, connectApp } from './app.ts'
import { hz, startBoard } from './board.ts'
import type { Board } from './board.ts'
import type { TestApp } from './app.ts'
import { until } from './phone.ts'

/** What one caller was told by the answer to its INVITE, and whether sound came to it. */
export interface Told {
  readonly contact: string
  readonly sound: string
  readonly heard: boolean
}

/** Calls from an address of this machine to one of the switchboard's, as another machine would. */
async function callFrom(from: string, to: string, board: Board, app: TestApp): Promise<Told> {
  const phone = await TestPhone.open('PCMA', from)
  const stack = await startSipStack(
    { host: from, publicAddress: null, port: 0, realm: 'phone', acceptAnonymous: true },
    { invite: () => ({ ended() {} }) },
  )
  try {
    const answered = Promise.withResolvers<string>()
    const call = stack.call(
      { kind: 'uri', uri: `sip:1001@${to}:${board.sip}` },
      { from: { name: null, number: 'caller' }, offer: phone.sdp() },
      { answered: answered.resolve, ended: () => answered.reject(new Error('not answered')) },
    )
    const id = channelId(await app.event('StasisStart'))
    await app.ask('POST', `channels/${id}/answer`)
    const sdp = await answered.promise
    phone.follow(sdp)
    phone.speak(hz.caller)
    await app.ask('POST', `channels/${id}/play?media=sound:${board.sound('greeting')}`)
    const heard = await until('it is heard', () => phone.hears([hz.greeting]).length === 1).then(
      () => true,
      () => false,
    )
    const contact = /@([^:>]+)/.exec(call.header('contact') ?? '')?.[1] ?? ''
    await app.ask('DELETE', `channels/${id}`)
    return { contact, sound: readAudio(sdp).address, heard }
  } finally {
    await stack.stop(200)
    await phone.close()
  }
}

const [external = '', ...pairs] = process.argv.slice(2)
const board = await startBoard({ host: '0.0.0.0', publicAddress: external })
const app = await connectApp(board.ari)
const told: Record<string, Told> = {}
for (const pair of pairs) {
  const [from = '', to = ''] = pair.split('>')
  told[from] = await callFrom(from, to, board, app)
}
await app.close()
await board.stop()
console.log(JSON.stringify(told))
