/** A UDP relay that loses packets, between a load generator and a switchboard: no rights are needed, and both lose alike. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** A relay; `loss` is the share of datagrams lost each way, from 0 to 1, and may be changed while it runs. */
export interface Relay {
  port: number
  loss: number
  close(): void
}

/** Random numbers from 0 to 1 by a seed (mulberry32): two runs lose in the same order. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

async function open(): Promise<Socket> {
  const socket = createSocket('udp4')
  // A side that is gone is no fault of the relay.
  socket.on('error', () => undefined)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

/** Passes datagrams to a port of 127.0.0.1, and what comes back to whoever they came from: a socket for each. */
export async function startRelay(target: number, seed = 1): Promise<Relay> {
  const random = numbersFrom(seed)
  const front = await open()
  const backs = new Map<number, Promise<Socket>>()
  const relay: Relay = {
    port: front.address().port,
    loss: 0,
    close: () => {
      front.close()
      for (const back of backs.values()) void back.then((socket) => socket.close())
    },
  }
  const lost = (): boolean => random() < relay.loss
  const backFor = async (client: number): Promise<Socket> => {
    const back = await open()
    back.on('message', (message) => {
      if (!lost()) front.send(message, client, '127.0.0.1')
    })
    return back
  }
  front.on('message', (message, { port }) => {
    if (lost()) return
    const back = backs.get(port) ?? backFor(port)
    backs.set(port, back)
    void back.then((socket) => socket.send(message, target, '127.0.0.1'))
  })
  return relay
}
