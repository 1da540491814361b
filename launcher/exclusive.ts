import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'

/** The kernel frees such a name when its holder dies, however it dies; no stale lock file can stay. */
const nameOf = (folder: string): string =>
  `\0hearthline-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 40)}`

/** Takes a folder for this process alone; null when another process of ours has it. */
export async function takeFolder(folder: string): Promise<{ release: () => void } | null> {
  const server: Server = createServer((socket) => socket.end())
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen(nameOf(folder), () => resolve(true))
  })
  if (!taken) return null
  server.unref()
  return { release: () => void server.close() }
}

/** Whether a process of ours has the folder at this moment; a folder that does not exist nobody has. */
export async function isTaken(folder: string): Promise<boolean> {
  let name: string
  try {
    name = nameOf(folder)
  } catch {
    return false
  }
  return new Promise((resolve) => {
    const socket = connect(name, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
