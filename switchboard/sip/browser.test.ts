// JsSIP, the softphone of the seat's page, against our stack. Calls need a browser's WebRTC: see the journeys.
import JsSIP from 'jssip'
import { expect, test } from 'vitest'
import type { Registration } from './contract.ts'
import { realClock } from './clock.ts'
import { until } from './raw-peer.ts'
import { aStack, endsWithTest, nobody } from './test-stack.ts'

test('JsSIP registers over WebSocket, answers our challenge, and unregisters', async () => {
  const here: Registration[] = []
  const gone: string[] = []
  const stack = await aStack(
    {
      ...nobody(),
      registered: (registration) => here.push(registration),
      unregistered: (_, reason) => gone.push(reason),
    },
    { wsPort: 0, clock: realClock, acceptAnonymous: false },
  )
  stack.putAccount({ user: 'seat1', secret: { password: 'secret' } })
  const agent = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(`ws://127.0.0.1:${stack.ports.ws}/sip`)],
    uri: 'sip:seat1@127.0.0.1',
    password: 'secret',
    realm: 'hearthline',
    register_expires: 120,
  })
  endsWithTest({ stop: () => agent.stop() })
  agent.start()
  await until(() => agent.isRegistered(), 'JsSIP registers')
  expect(here).toHaveLength(1)
  expect(here[0]).toMatchObject({ user: 'seat1', remote: { transport: 'ws' } })
  agent.unregister()
  await until(() => gone.length === 1, 'JsSIP unregisters')
  expect(gone).toEqual(['removed'])
})
