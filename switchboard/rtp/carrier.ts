import type { RtpPacket } from './packet.ts'
import type { Report } from './rtcp.ts'

/** What brings a leg's packets to the far end and back: plain RTP sockets or a WebRTC connection. */
export interface Carrier {
  /** True when packets can be sent. */
  readonly up: boolean
  send(packet: RtpPacket): void
  /** Sends a compound RTCP datagram. */
  sendReport(report: Buffer): void
  /** Closes the sockets; resolves when the ports are free again. */
  close(): Promise<void>
}

/** Who hears what a carrier receives. */
export interface CarrierEvents {
  /** An RTP packet from the accepted far end; the payload is only valid during the call. */
  rtp: (packet: RtpPacket) => void
  reports: (reports: Report[]) => void
  /** A packet was refused: stranger, malformed, too long. */
  dropped: () => void
  /** Nothing more will come. */
  lost: (reason: string) => void
}
