import type { DtlsSocket } from 'werift'

const HEADER = 13
const ALERT = 21
const HANDSHAKE = 22
const APPLICATION = 23

/** One record whose seal was made by the peer (RFC 6347 §4.1): a stranger's cannot be opened. */
function isSealed(socket: DtlsSocket, datagram: Buffer): boolean {
  if (datagram.length < HEADER || datagram.length !== HEADER + datagram.readUInt16BE(11)) return false
  const header = {
    type: datagram.readUInt8(0),
    version: datagram.readUInt16BE(1),
    epoch: datagram.readUInt16BE(3),
    sequenceNumber: datagram.readUIntBE(5, 6),
  }
  if (header.epoch === 0 || header.type < ALERT || header.type > APPLICATION) return false
  try {
    socket.cipher.cipher.decrypt(socket.sessionType, datagram.subarray(HEADER), header)
    return true
  } catch {
    return false
  }
}

/** A retransmitted last flight begins with unsealed handshake records (RFC 6347 §4.2.4). */
function isHandshake(datagram: Buffer): boolean {
  return datagram.length > HEADER && datagram.readUInt8(0) === HANDSHAKE
}

/**
 * Lets only sealed records reach an established DTLS connection. werift takes any alert, and any unknown record, for the
 * peer's farewell: without this, one datagram of a stranger would end a call. Until `settled` (the peer's first
 * authentic packet) handshake records pass, for the last flight may have been lost.
 */
export function guardRecords(socket: DtlsSocket, settled: () => boolean): void {
  const { socket: transport } = socket.transport
  const take = transport.onData
  transport.onData = (datagram, from) => {
    if (isSealed(socket, datagram) || (!settled() && isHandshake(datagram))) take(datagram, from)
  }
}
