import { generateKeyPairSync } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { DtlsSocket } from 'werift'
import { DtlsClient, DtlsServer } from 'werift'
import { beforeEach, expect, test } from 'vitest'
import { ownCertificate } from './handshake.ts'
import { Proof } from './proof.ts'

type Options = ConstructorParameters<typeof DtlsServer>[0]
interface Side {
  socket: DtlsSocket
  proof: Proof
}

/** Two ends of a handshake, one datagram after the other from each to the other. */
async function shake(clientKey?: string, serverKey?: string): Promise<{ client: Side; server: Side }> {
  const own = await ownCertificate()
  const optionsOf = (key: string): Options => {
    const transport: Options['transport'] = {
      type: 'udp',
      address: { address: '127.0.0.1', port: 1, family: 'IPv4' },
      closed: false,
      onData: () => undefined,
      send: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
    const { certPem: cert, signatureHash } = own
    return { transport, cert, key, signatureHash, srtpProfiles: [1], extendedMasterSecret: true }
  }
  const [forClient, forServer] = [
    optionsOf(clientKey ?? own.privateKey),
    optionsOf(serverKey ?? own.privateKey),
  ]
  const client = new DtlsClient(forClient)
  const server = new DtlsServer({ ...forServer, certificateRequest: true })
  const sides = [client, server].map((socket) => ({ socket, proof: new Proof(socket) }))
  const pass = (to: Options['transport']) => async (datagram: Buffer) => {
    await turn()
    to.onData(datagram, ['127.0.0.1', 1])
  }
  forClient.transport.send = pass(forServer.transport)
  forServer.transport.send = pass(forClient.transport)
  const done = Promise.all(
    [client, server].map((socket) => {
      const up = Promise.withResolvers<unknown>()
      socket.onConnect.once(up.resolve)
      return up.promise
    }),
  )
  void client.connect()
  await done
  const [one, other] = sides
  if (!one || !other) throw new Error('no sides')
  return { client: one, server: other }
}

let client: Side
let server: Side
beforeEach(async () => {
  ;({ client, server } = await shake())
})

const otherKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()

test('both ends of an honest handshake prove that they hold the keys of their certificates', () => {
  expect(client.proof.holds()).toBe(true)
  expect(server.proof.holds()).toBe(true)
})

test('who shows a certificate without its key proves nothing, though the handshake came to its end', async () => {
  const byClient = await shake(otherKey())
  expect(byClient.server.proof.holds()).toBe(false)
  expect(byClient.client.proof.holds()).toBe(true)
  const byServer = await shake(undefined, otherKey())
  expect(byServer.client.proof.holds()).toBe(false)
})

test('any byte of what was said that somebody changed on the way breaks the proof', () => {
  for (const { socket, proof } of [client, server]) {
    const said = socket.dtls.sortedHandshakeCache
    // What we said last is what the far end hears after its own proof.
    const covered = socket === server.socket ? said.filter((_, at) => at < said.length - 1) : said
    fc.assert(
      fc.property(
        fc.constantFrom(...covered),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (message, nat, bits) => {
          if (message.fragment.length === 0) return
          const at = nat % message.fragment.length
          const was = message.fragment.readUInt8(at)
          message.fragment.writeUInt8(was ^ bits, at)
          expect(proof.holds()).toBe(false)
          message.fragment.writeUInt8(was, at)
        },
      ),
      { numRuns: 300 },
    )
    expect(proof.holds()).toBe(true)
  }
})

test('keys that came by other messages than those that were signed are not believed', async () => {
  const strange = (await shake()).server.socket.cipher
  for (const { socket, proof } of [client, server]) {
    const { cipher } = socket
    const was = { ...cipher }
    const changes: Partial<typeof cipher>[] = [
      { remoteKeyPair: strange.remoteKeyPair },
      { masterSecret: strange.masterSecret },
      { remoteRandom: strange.remoteRandom },
      { localRandom: strange.localRandom },
      { remoteCertificate: Buffer.from('another') },
    ]
    for (const change of changes) {
      Object.assign(cipher, change)
      expect(proof.holds()).toBe(false)
      Object.assign(cipher, was)
    }
    expect(proof.holds()).toBe(true)
  }
})

test('a handshake that is not done, or without its last message, proves nothing', async () => {
  const own = await ownCertificate()
  const transport = client.socket.options.transport
  const idle = new DtlsServer({
    transport,
    cert: own.certPem,
    key: own.privateKey,
    signatureHash: own.signatureHash,
  })
  expect(new Proof(idle).holds()).toBe(false)
  expect(new Proof(client.socket).holds()).toBe(false)
})
