import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InStream } from './in-stream.ts'
import { Latch } from './latch.ts'
import { readRtp, writeRtp } from './packet.ts'
import { PortPool } from './ports.ts'
import { middleNtp, readReports, roundTripOf, writeReport } from './rtcp.ts'

test('a replayed packet is refused by SSRC and sequence, over the wrap too; a late one is taken once', () => {
  const stream = new InStream()
  const take = (sequence: number, ssrc = 1): string =>
    stream.accept(ssrc, sequence, sequence * 160, sequence * 20)
  expect(take(65_534)).toBe('fresh')
  expect(take(65_535)).toBe('taken')
  expect(take(1)).toBe('taken')
  expect(take(0)).toBe('taken')
  for (const sequence of [65_534, 65_535, 0, 1]) expect(take(sequence)).toBe('refused')
  expect(take(65_534 - 128)).toBe('refused')
  expect(take(1, 2)).toBe('fresh')
  expect(stream.lost).toBe(0)
})

test('loss and jitter are counted as RFC 3550 says', () => {
  const stream = new InStream()
  for (let n = 0; n < 100; n++) if (n % 10 !== 5) stream.accept(1, n, n * 160, n * 20)
  expect(stream.lost).toBe(10)
  expect(stream.jitterUnits).toBe(0)
  expect(stream.takeFractionLost()).toBe(25)
  expect(stream.takeFractionLost()).toBe(0)
  for (let n = 100; n < 400; n++) stream.accept(1, n, n * 160, n * 20 + (n % 2) * 10)
  expect(stream.jitterUnits / 8).toBeGreaterThan(8)
  expect(stream.jitterUnits / 8).toBeLessThan(12)
})

test('a report goes over the wire and tells the round trip', () => {
  const now = 1_800_000_000_123
  const block = {
    ssrc: 5,
    fractionLost: 25,
    lost: 10,
    highest: 70_000,
    jitter: 80,
    lastReport: middleNtp(now - 300),
    sinceLastReport: Math.round(0.25 * 65_536),
  }
  const sender = { ntpMs: now, timestamp: 9, packets: 4, octets: 640 }
  const [report] = readReports(writeReport(7, sender, block))
  expect(report).toEqual({ ssrc: 7, sentAt: middleNtp(now), blocks: [block] })
  expect(roundTripOf(block, now)).toBeGreaterThan(49)
  expect(roundTripOf(block, now)).toBeLessThan(51)
  expect(readReports(writeReport(7, null, null))).toEqual([{ ssrc: 7, sentAt: null, blocks: [] }])
})

test('RTP that we write we can read, and no datagram makes the reader fail', () => {
  const packet = {
    payloadType: 8,
    marker: true,
    sequence: 65_535,
    timestamp: 4_294_967_295,
    ssrc: 1,
    payload: Buffer.of(1, 2),
  }
  expect(readRtp(writeRtp(packet))).toEqual(packet)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, likely) => {
      if (likely && bytes.length > 1) bytes.set([0x80 | ((bytes[0] ?? 0) & 0x3f), 200])
      const read = readRtp(Buffer.from(bytes))
      expect(read === null || read.payload.length <= bytes.length - 12).toBe(true)
      readReports(Buffer.from(bytes))
    }),
  )
})

test('the latch: the announced address at once, another after five in a row, then nobody else', () => {
  const latch = new Latch()
  const [phone, nat, stranger] = [
    { address: '192.0.2.1', port: 4000 },
    { address: '192.0.2.2', port: 5000 },
    { address: '192.0.2.3', port: 6000 },
  ]
  latch.expect(phone)
  expect([1, 2, 3, 4].map((n) => latch.admits(n % 2 ? nat : stranger, n % 2, n))).not.toContain(true)
  expect([1, 2, 3, 4, 5].map((n) => latch.admits(nat, 9, n))).toEqual([false, false, false, false, true])
  expect(latch.target).toEqual(nat)
  expect(latch.admits(phone, 1, 10)).toBe(true)
  expect(latch.target).toEqual(phone)
  expect([1, 2, 3, 4, 5, 6].map((n) => latch.admits(nat, 9, 10 + n))).not.toContain(true)
  latch.expect(nat)
  expect(latch.target).toEqual(nat)
})

test('ports are even, come back once, and the one free longest is next', () => {
  const pool = new PortPool(1001, 1006)
  expect([pool.take(), pool.take(), pool.take()]).toEqual([1002, 1004, null])
  expect(pool.used).toBe(4)
  pool.release(1004)
  pool.release(1004)
  pool.release(1002)
  expect(pool.used).toBe(0)
  expect([pool.take(), pool.take(), pool.take()]).toEqual([1004, 1002, null])
})
