/* What sealing and opening an RTP packet of 20 ms costs, beside the same by werift, whose ICE and DTLS we use. */
import { randomBytes } from 'node:crypto'
import { RtpPacket, SrtpSession } from 'werift'
import { writeRtp } from '../switchboard/rtp/packet.ts'
import { SrtpStream } from '../switchboard/rtp/srtp.ts'
import { percentile, report } from './figure.ts'

const packets = 2000

/** Both ends of one way. */
interface Way {
  seal: (packet: Buffer) => Buffer
  open: (datagram: Buffer) => unknown
}

const [key, salt, payload] = [randomBytes(16), randomBytes(14), randomBytes(160)]

function ours(): Way {
  const [sealing, opening] = [new SrtpStream({ key, salt, tag: 10 }), new SrtpStream({ key, salt, tag: 10 })]
  return { seal: (packet) => sealing.seal(packet), open: (datagram) => opening.open(datagram) }
}

function werift(): Way {
  const both = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt }
  const [sealing, opening] = [0, 0].map(() => new SrtpSession({ profile: 1, keys: both }))
  if (!sealing || !opening) throw new Error('no session')
  return {
    seal: (packet) => {
      const { header } = RtpPacket.deSerialize(packet)
      return sealing.encrypt(packet.subarray(12), header)
    },
    open: (datagram) => opening.decrypt(datagram),
  }
}

/** Microseconds for each packet, sealed and opened. */
function round({ seal, open }: Way): { seal_us: number; open_us: number } {
  const clear = Array.from({ length: packets }, (_, sequence) =>
    writeRtp({ payloadType: 8, marker: false, sequence, timestamp: sequence * 160, ssrc: 7, payload }),
  )
  const begun = performance.now()
  const sealed = clear.map(seal)
  const between = performance.now()
  sealed.forEach(open)
  const each = (ms: number): number => (ms * 1000) / packets
  return { seal_us: each(between - begun), open_us: each(performance.now() - between) }
}

/** Figures `seal_us` and `open_us`: medians over rounds in turn, each with keys derived anew. */
export function srtp(quick: boolean): Promise<void> {
  const rounds = quick ? 10 : 50
  const found = { ours: [round(ours())], werift: [round(werift())] }
  for (let at = 0; at < rounds; at += 1) {
    found.ours.push(round(ours()))
    found.werift.push(round(werift()))
  }
  for (const figure of ['seal_us', 'open_us'] as const) {
    const of = (list: (typeof found)['ours']): number =>
      percentile(
        list.map((one) => one[figure]),
        0.5,
      )
    const [value, peerValue] = [of(found.ours), of(found.werift)]
    report({
      bench: 'srtp',
      figure,
      value,
      unit: 'us',
      peer: 'werift',
      peerValue,
      ratio: value / peerValue,
      rounds,
    })
  }
  return Promise.resolve()
}
