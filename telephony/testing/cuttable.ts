import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a switchboard's ARI, for tests: it can be cut without anybody refusing, as a network does it. */
export async function cuttable(
  url: string,
): Promise<{ url: string; cut: (on: boolean) => void; close: () => void }> {
  const to = new URL(url)
  const behind = { port: Number(to.port), host: to.hostname }
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (isCut) return socket.destroy()
    const inner = connect(behind)
    inner.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => inner.destroy())
    sockets.add(socket)
    return socket.pipe(inner).pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  to.port = String((server.address() as AddressInfo).port)
  const cut = (on: boolean): void => {
    isCut = on
    for (const socket of sockets) socket.destroy()
  }
  return { url: to.href, cut, close: () => void server.close() }
}
