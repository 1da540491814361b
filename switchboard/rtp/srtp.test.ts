import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { SrtcpSession, SrtpSession } from 'werift'
import { expect, test } from 'vitest'
import { readRtp, writeRtp } from './packet.ts'
import { writeReport } from './rtcp.ts'
import type { SrtpKeys } from './srtp.ts'
import { SrtpStream } from './srtp.ts'

const keys: SrtpKeys = { key: randomBytes(16), salt: randomBytes(14), tag: 10 }
const packet = (sequence: number, ssrc = 7): Buffer =>
  writeRtp({
    payloadType: 8,
    marker: false,
    sequence,
    timestamp: sequence * 160,
    ssrc,
    payload: Buffer.from('voice'),
  })

test('RFC 3711 B.2: the key stream of AES in counter mode', () => {
  const key = Buffer.from('2B7E151628AED2A6ABF7158809CF4F3C', 'hex')
  const iv = Buffer.from('F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000', 'hex')
  const stream = createCipheriv('aes-128-ctr', key, iv).update(Buffer.alloc(32))
  expect(stream.toString('hex').toUpperCase()).toBe(
    'E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB',
  )
})

test('RFC 3711 B.3: session keys from the master key; a packet is sealed and tagged by them', () => {
  const stream = new SrtpStream({
    key: Buffer.from('E1F97A0D3E018BE0D64FA32C06DE4139', 'hex'),
    salt: Buffer.from('0EC675AD498AFEEBB6960B3AABE6', 'hex'),
    tag: 10,
  })
  const clear = packet(1, 0)
  const sealed = stream.seal(clear)
  // With SSRC 0 and index 1 the counter begins at the session salt, whose last word before the counter is changed by 1.
  const iv = Buffer.from('30CBBC08863D8C85D49DB34A9AE10000', 'hex')
  iv[13] = (iv[13] ?? 0) ^ 1
  const key = Buffer.from('C61E7A93744F39EE10734AFE3FF7A087', 'hex')
  expect(sealed.subarray(12, -10)).toEqual(
    createCipheriv('aes-128-ctr', key, iv).update(Buffer.from('voice')),
  )
  const mac = Buffer.from('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4', 'hex')
  const tag = createHmac('sha1', mac).update(sealed.subarray(0, -10)).update(Buffer.alloc(4)).digest()
  expect(sealed.subarray(-10)).toEqual(tag.subarray(0, 10))
})

test.each([4, 10] as const)(
  'what is sealed with a tag of %i bytes is opened once, and not by another key',
  (tag) => {
    const [ours, theirs] = [new SrtpStream({ ...keys, tag }), new SrtpStream({ ...keys, tag })]
    const sealed = ours.seal(packet(5))
    expect(sealed.length).toBe(packet(5).length + tag)
    expect(new SrtpStream({ ...keys, key: randomBytes(16), tag }).open(sealed)).toBeNull()
    expect(theirs.open(sealed)).toEqual(packet(5))
    expect(theirs.open(sealed)).toBeNull()
    for (let at = 0; at < sealed.length; at += 1) {
      const bent = Buffer.from(ours.seal(packet(6 + at)))
      bent[at] = (bent[at] ?? 0) ^ 1
      expect(theirs.open(bent)).toBeNull()
    }
  },
)

test('over two wraps of the sequence, with loss and disorder at the wrap, nothing is misread and nothing replayed', () => {
  const [ours, theirs] = [new SrtpStream(keys), new SrtpStream(keys)]
  const kept: Buffer[] = []
  for (let n = 65_400; n < 65_400 + 2 * 65_536; n += 1) {
    const near = Math.abs((n & 0xffff) - 65_536) < 4 || (n & 0xffff) < 4
    if (!near && n % 500 !== 0) continue
    const sealed = ours.seal(packet(n & 0xffff))
    if (near && n % 3 === 0) kept.push(sealed)
    else expect(theirs.open(sealed)?.length).toBe(packet(0).length)
  }
  for (const late of kept) expect(theirs.open(late)).toBeNull()
})

test('a packet that comes late over the wrap is taken, once', () => {
  const [ours, theirs] = [new SrtpStream(keys), new SrtpStream(keys)]
  const [last, first] = [ours.seal(packet(65_534)), ours.seal(packet(65_535))]
  const wrapped = ours.seal(packet(0))
  expect(theirs.open(last)).toEqual(packet(65_534))
  expect(theirs.open(wrapped)).toEqual(packet(0))
  expect(theirs.open(first)).toEqual(packet(65_535))
  expect(theirs.open(first)).toBeNull()
})

test('reports are sealed and opened once; one bit changed and nothing is opened', () => {
  const [ours, theirs] = [new SrtpStream(keys), new SrtpStream(keys)]
  const report = writeReport(7, { ntpMs: 0, timestamp: 1, packets: 2, octets: 3 }, null)
  const sealed = ours.sealReport(report)
  expect(theirs.openReport(sealed)).toEqual(report)
  expect(theirs.openReport(sealed)).toBeNull()
  const bent = ours.sealReport(report)
  bent[20] = (bent[20] ?? 0) ^ 1
  expect(theirs.openReport(bent)).toBeNull()
})

test('another implementation opens what we seal, and we what it seals', () => {
  const config = {
    profile: 1 as const,
    keys: {
      localMasterKey: keys.key,
      localMasterSalt: keys.salt,
      remoteMasterKey: keys.key,
      remoteMasterSalt: keys.salt,
    },
  }
  const ours = new SrtpStream(keys)
  expect(readRtp(new SrtpSession(config).decrypt(ours.seal(packet(9))))).toEqual(readRtp(packet(9)))
  const report = writeReport(7, null, null)
  expect(new SrtcpSession(config).decrypt(ours.sealReport(report))).toEqual(report)
  expect(new SrtpStream(keys).openReport(new SrtcpSession(config).encrypt(report))).toEqual(report)
})

test('no datagram makes the opening fail', () => {
  const stream = new SrtpStream(keys)
  for (let length = 0; length < 80; length += 1) {
    const bytes = randomBytes(length)
    if (length > 0) bytes[0] = 0x9f
    expect(stream.open(bytes)).toBeNull()
    expect(stream.openReport(bytes)).toBeNull()
  }
})

test('packets and reports of every length are sealed as another implementation does', () => {
  const { key, salt } = keys
  const config = {
    profile: 1 as const,
    keys: { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt },
  }
  const ours = new SrtpStream(keys)
  const theirs = new SrtpSession(config)
  for (let length = 0; length < 1480; length += 7) {
    const clear = {
      payloadType: 0,
      marker: false,
      sequence: length,
      timestamp: 1,
      ssrc: 3,
      payload: randomBytes(length),
    }
    expect(readRtp(theirs.decrypt(ours.seal(writeRtp(clear))))).toEqual(clear)
  }
})
