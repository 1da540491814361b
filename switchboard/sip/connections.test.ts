import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { generate } from 'selfsigned'
import { expect, test } from 'vitest'
import type { SipHandlers } from './contract.ts'
import { requestText, until } from './raw-peer.ts'
import { startSipStack } from './stack.ts'
import { aStack, answering, endsWithTest, nobody } from './test-stack.ts'

const options = (name: string): string =>
  requestText('OPTIONS', 'sip:1001@127.0.0.1', [`Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK${name};rport`])

/** All that has come by a connection, as text. */
function listen(socket: Socket): { text: string } {
  const heard = { text: '' }
  socket.on('data', (bytes) => (heard.text += String(bytes)))
  socket.on('error', () => {})
  endsWithTest({ stop: () => socket.destroy() })
  return heard
}

test('SIP over TLS is served', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }])
  const stack = await aStack(nobody(), { tls: { port: 0, cert, key } })
  const socket = connectTls({ host: '127.0.0.1', port: stack.ports.tls ?? 0, rejectUnauthorized: false })
  const heard = listen(socket)
  await once(socket, 'secureConnect')
  socket.write(options('tls').replace('/TCP', '/TLS'))
  await until(() => heard.text.includes('SIP/2.0 200 OK'), 'an answer by TLS')
})

test('a TCP connection carries messages in pieces, answers a keep-alive, and is closed at nonsense', async () => {
  const stack = await aStack(nobody())
  const socket = connect({ host: '127.0.0.1', port: stack.ports.sip })
  const heard = listen(socket)
  const text = `\r\n\r\n${options('one')}${options('two')}`
  for (const piece of text.match(/[^]{1,100}/g) ?? []) {
    socket.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await until(() => heard.text.split('SIP/2.0 200 OK').length === 3, 'both are answered')
  expect(heard.text.startsWith('\r\nSIP/2.0')).toBe(true)
  expect(stack.counts().flows).toBe(1)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'close')
  await until(() => stack.counts().flows === 0, 'the connection is forgotten')
})

test('a message broken in one header is answered 400 and the connection goes on', async () => {
  const stack = await aStack(nobody())
  const socket = connect({ host: '127.0.0.1', port: stack.ports.sip })
  const heard = listen(socket)
  socket.write(options('broken').replace('Max-Forwards: 70', 'Max-Forwards: many'))
  socket.write(options('sound'))
  await until(() => heard.text.includes('SIP/2.0 200 OK'), 'the sound one is answered')
  expect(heard.text).toContain('SIP/2.0 400 Bad Request')
})

test('a connection that ends while a call rings by it ends that call, not an answered one', async () => {
  const callee = answering()
  const closed: number[] = []
  const owner: SipHandlers = {
    invite(call) {
      if (call.dialled === '1001') return callee.invite(call)
      call.ring()
      callee.calls.push(call)
      return { ended: (end) => callee.ends.push(end) }
    },
    flowClosed: ({ calls }) => closed.push(calls.length),
  }
  const stack = await aStack(owner)
  const socket = connect({ host: '127.0.0.1', port: stack.ports.sip })
  const heard = listen(socket)
  for (const line of ['1001', '1002']) {
    socket.write(
      requestText('INVITE', `sip:${line}@127.0.0.1`, [`Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK${line}`]),
    )
  }
  await until(() => heard.text.includes('180 Ringing') && callee.calls.length === 2, 'both calls are there')
  socket.destroy()
  await until(() => callee.ends.length === 1 && closed.length === 1, 'the ringing one ends')
  expect(callee.ends[0]).toMatchObject({ by: 'error' })
  expect(callee.calls.map(({ state }) => state)).toEqual(['answered', 'ended'])
  expect(closed).toEqual([1])
})

test('too many connections from one stranger are refused; loopback is no stranger', async () => {
  const stack = await aStack(nobody(), { limits: { connections: 3 } })
  const sockets = Array.from({ length: 4 }, () => connect({ host: '127.0.0.1', port: stack.ports.sip }))
  for (const socket of sockets) listen(socket)
  await until(() => sockets.some((socket) => socket.destroyed), 'one is refused')
  expect(stack.counts().flows).toBe(3)
})

test('a port that is taken is said at once, and nothing stays open', async () => {
  const stack = await aStack(nobody())
  const { sip } = stack.ports
  const again = { host: '127.0.0.1', publicAddress: null, port: sip, realm: 'x', acceptAnonymous: true }
  await expect(startSipStack(again, nobody())).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await expect(startSipStack({ ...again, port: 0, wsPort: sip }, nobody())).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
})
