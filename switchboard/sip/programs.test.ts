// The stack against programs others wrote: sipp and baresip. Where they are not installed this says so.
import { execFile, spawn } from 'node:child_process'
import { accessSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import type { Registration, SipHandlers } from './contract.ts'
import { realClock } from './clock.ts'
import { RawPeer, requestText, until } from './raw-peer.ts'
import type { Seen } from './test-stack.ts'
import { aStack, allOver, dial, endsWithTest, sdp, seeing } from './test-stack.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'hearthline-sip-'))
afterAll(() => rmSync(folder, { recursive: true }))

function isInstalled(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    process.stderr.write(`SKIPPED: ${path} is not installed; install it to run these tests\n`)
    return false
  }
}

const sipp = '/usr/bin/sipp'
const baresip = '/usr/bin/baresip'

const sippCalls = async (port: number, more: string[]): Promise<unknown> =>
  run(
    sipp,
    ['-sn', 'uac', `127.0.0.1:${port}`, '-i', '127.0.0.1', '-nostdin', '-d', '50', '-r', '100', ...more],
    {
      cwd: folder,
      timeout: 30_000,
    },
  )

const realAnswer = sdp('answer') + 'c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 101\r\n'
const answeringTruly = (): Seen & SipHandlers => seeing((call) => call.answer(realAnswer))

test.skipIf(!isInstalled(sipp)).each(['u1', 't1'])(
  'sipp (%s): 200 calls at 100 a second are all answered and ended, and nothing is left',
  async (transport) => {
    const owner = answeringTruly()
    const stack = await aStack(owner, { clock: realClock })
    await sippCalls(stack.ports.sip, ['-m', '200', '-t', transport])
    await until(() => owner.ends.length === 200, 'all calls have ended')
    expect(owner.ends.every(({ by, cause }) => by === 'remote' && cause === 16)).toBe(true)
    await allOver(stack)
  },
)

test.skipIf(!isInstalled(sipp))(
  'broken messages during calls harm no call and leave nothing open',
  async () => {
    const owner = answeringTruly()
    const stack = await aStack(owner, { limits: { knownRate: 1e6, knownBurst: 1e6 } })
    const hostile = await RawPeer.open(stack.ports.sip)
    endsWithTest({ stop: () => hostile.close() })
    let seed = 7
    const random = (n: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % n
    }
    const methods = ['INVITE', 'BYE', 'ACK', 'REGISTER', 'CANCEL', 'INFO', 'REFER', 'OPTIONS']
    const timer = setInterval(() => {
      for (let i = 0; i < 40; i += 1) {
        const data = Buffer.from(
          requestText(methods[random(8)] ?? '', 'sip:1001@127.0.0.1', ['To: <sip:x@y>;tag=1']),
        )
        for (let j = random(4); j >= 0; j -= 1) data[random(data.length)] = random(256)
        hostile.send(data)
      }
    }, 20)
    try {
      await sippCalls(stack.ports.sip, ['-m', '150', '-s', 'service'])
    } finally {
      clearInterval(timer)
    }
    expect(stack.counts().dropped).toBeGreaterThan(500)
    const good = owner.calls.filter((call) => call.dialled === 'service').length
    expect(good).toBeGreaterThanOrEqual(150)
    await allOver(stack)
  },
)

/** A WAV file of silence: 16 bit, 8 kHz, mono. */
function silence(seconds: number): Buffer {
  const size = seconds * 16_000
  const wav = Buffer.alloc(44 + size)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + size, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(8000, 24)
  wav.writeUInt32LE(16_000, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(size, 40)
  return wav
}

/** A baresip that registers as phone1 and answers by itself after a moment. */
function startBaresip(stackPort: number, transport: string, dialled: string[]): void {
  const home = mkdtempSync(join(folder, 'baresip-'))
  const modules = ['g711', 'aufile', 'account', 'menu'].map((name) =>
    name === 'account' || name === 'menu' ? `module_app ${name}.so` : `module ${name}.so`,
  )
  const config = [
    'sip_listen 127.0.0.1:0',
    `audio_player aufile,${join(home, 'heard.wav')}`,
    `audio_source aufile,${join(home, 'said.wav')}`,
    'module_path /usr/lib/baresip/modules',
    ...modules,
  ]
  writeFileSync(join(home, 'config'), `${config.join('\n')}\n`)
  writeFileSync(
    join(home, 'accounts'),
    `<sip:phone1@127.0.0.1:${stackPort};transport=${transport}>;auth_pass=secret;regint=120;answermode=auto\n`,
  )
  writeFileSync(join(home, 'contacts'), '')
  writeFileSync(join(home, 'said.wav'), silence(10))
  const phone = spawn(baresip, ['-f', home, ...dialled.flatMap((uri) => ['-e', `d ${uri}`])], {
    stdio: 'ignore',
  })
  endsWithTest({
    stop: async () => {
      phone.kill('SIGKILL')
      await new Promise((resolve) => phone.on('close', resolve))
    },
  })
}

test.skipIf(!isInstalled(baresip)).each(['udp', 'tcp'])(
  'baresip (%s) registers as an account, and is called on the way it registered by',
  async (transport) => {
    const here: Registration[] = []
    const owner = { ...answeringTruly(), registered: (registration: Registration) => here.push(registration) }
    const stack = await aStack(owner, { clock: realClock })
    stack.putAccount({ user: 'phone1', secret: { password: 'secret' } })
    startBaresip(stack.ports.sip, transport, [])
    await until(() => here.length > 0, 'baresip registers')
    expect(here[0]?.remote.transport).toBe(transport)
    const offer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n`
    const outcome = Promise.withResolvers<unknown>()
    const call = stack.call(
      { kind: 'account', user: 'phone1' },
      { from: { name: null, number: '13800000000' }, offer },
      { answered: outcome.resolve, ended: outcome.resolve },
    )
    expect(await outcome.promise).toContain('m=audio')
    expect(await call.reinvite(offer.replace('t=0 0\r\n', 't=0 0\r\na=sendonly\r\n'))).toContain('m=audio')
    call.hangup()
    await allOver(stack)
  },
)

test.skipIf(!isInstalled(baresip))(
  'baresip calls a line in the name of its account, and proves it',
  async () => {
    const owner = answeringTruly()
    const stack = await aStack(owner, { clock: realClock, acceptAnonymous: false })
    stack.putAccount({ user: 'phone1', secret: { password: 'secret' } })
    startBaresip(stack.ports.sip, 'udp', [`sip:1001@127.0.0.1:${stack.ports.sip}`])
    await until(() => owner.calls.length > 0, 'the call comes')
    expect(owner.calls[0]).toMatchObject({ account: 'phone1', dialled: '1001', numberTrusted: true })
    owner.calls[0]?.hangup()
    expect(dial(stack, { kind: 'account', user: 'nobody' }).call.state).toBe('trying')
    await allOver(stack)
  },
)
