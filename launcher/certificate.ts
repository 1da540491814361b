import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

const day = 24 * 60 * 60 * 1000
/** Browsers refuse certificates that are valid for longer. */
const lifetime = 397 * day
const renewBefore = 30 * day

/**
 * A certificate for all addresses of this machine in data/tls, made again when one of them is missing from it or it ends
 * within 30 days. Browsers warn of it until it is trusted on each desk (docs/operators.md).
 */
export async function ensureCertificate(data: string): Promise<{ cert: string; key: string }> {
  const folder = join(data, 'tls')
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const addresses = localAddresses()
  if (
    existsSync(files.cert) &&
    existsSync(files.key) &&
    stillGood(readFileSync(files.cert, 'utf8'), addresses)
  )
    return files
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const names = ['localhost', hostname()]
  const made = await generate([{ name: 'commonName', value: hostname() }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - day),
    notAfterDate: new Date(Date.now() + lifetime - 2 * day),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  })
  writeFileSync(files.key, made.private, { mode: 0o600 })
  writeFileSync(files.cert, made.cert, { mode: 0o644 })
  return files
}

function localAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return [...new Set(['127.0.0.1', ...all.filter((a) => a.family === 'IPv4').map((a) => a.address)])].sort()
}

function stillGood(pem: string, addresses: string[]): boolean {
  try {
    const found = new X509Certificate(pem)
    if (Date.parse(found.validTo) - Date.now() < renewBefore) return false
    return addresses.every((address) => found.checkIP(address) !== undefined)
  } catch {
    return false
  }
}
