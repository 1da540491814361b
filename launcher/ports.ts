import { createSocket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import { Trouble } from './trouble.ts'

/** Whether nobody else listens on a TCP port of this address; throws what is not "in use" or "not allowed". */
export async function tcpPortState(port: number, host: string): Promise<'free' | 'taken' | 'forbidden'> {
  const server = createServer()
  try {
    await listen(server, port, host)
    return 'free'
  } catch (error) {
    return stateFrom(error)
  } finally {
    server.close()
  }
}

/** The same for UDP. */
export async function udpPortState(port: number, host: string): Promise<'free' | 'taken' | 'forbidden'> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port, address: host, exclusive: true }, resolve)
    })
    return 'free'
  } catch (error) {
    return stateFrom(error)
  } finally {
    socket.close()
  }
}

/** Distinct TCP ports that are free on the loopback at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  try {
    await Promise.all(servers.map((server) => listen(server, 0, '127.0.0.1')))
    return servers.map((server) => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
      return address.port
    })
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, resolve)
  })
}

function stateFrom(error: unknown): 'taken' | 'forbidden' {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'EADDRINUSE') return 'taken'
  if (code === 'EACCES') return 'forbidden'
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EINVAL')
    throw new Trouble(
      'HEARTHLINE_HOST is not an address of this machine: set it to one of its own, or to 0.0.0.0 for all.',
      'HEARTHLINE_HOST 不是本机地址:请改为本机地址,或用 0.0.0.0 表示全部。',
    )
  throw error
}
