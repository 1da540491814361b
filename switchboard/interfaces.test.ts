import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Runs a script where the network is its own. */
const inNamespace = (script: string, ...args: string[]) =>
  spawnSync('unshare', ['-rn', 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8', timeout: 50_000 })

const canTry = inNamespace('ip link add a0 type veth peer name a1').status === 0
if (!canTry) process.stderr.write('No network namespace can be made: several interfaces are not tried\n')

/** Two networks, a machine beside us in each, one far away, and the address a router would hand on to us. */
const network = `
set -e
ip link set lo up
ip link add one type veth peer name one-end
ip link add two type veth peer name two-end
ip addr add 10.1.0.5/16 dev one
ip addr add 198.51.100.7/24 dev two
for link in one one-end two two-end; do ip link set $link up; done
for host in 10.1.9.9 198.51.100.20 192.0.2.200 203.0.113.1; do ip addr add $host/32 dev lo; done
exec "$@"
`

test.skipIf(!canTry)(
  'on a machine with two networks and an external address each caller is told what it reaches, and hears',
  () => {
    const run = inNamespace(
      network,
      process.execPath,
      join(import.meta.dirname, 'testing', 'interfaces.ts'),
      '203.0.113.1',
      '10.1.9.9>10.1.0.5',
      '198.51.100.20>198.51.100.7',
      '192.0.2.200>203.0.113.1',
      '127.0.0.1>127.0.0.1',
    )
    expect(run.stderr).toBe('')
    const reached = (address: string) => ({ contact: address, sound: address, heard: true })
    expect(JSON.parse(run.stdout)).toEqual({
      '10.1.9.9': reached('10.1.0.5'),
      '198.51.100.20': reached('198.51.100.7'),
      '192.0.2.200': reached('203.0.113.1'),
      '127.0.0.1': reached('127.0.0.1'),
    })
  },
)
