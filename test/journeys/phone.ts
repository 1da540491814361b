/**
 * A real SIP telephone for tests: a baresip process of its own that speaks a tone and writes down what it hears.
 * Driven by baresip's ctrl_tcp module (netstrings of JSON).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why phones cannot be used on this machine, or null when they can. */
export const phoneMissing = existsSync('/usr/bin/baresip') ? null : 'baresip is not installed'

/** What a phone is set up with. Its ports are its own: SIP, +1 for TLS, +2 for control, from +100 for sound. */
export interface PhoneOptions {
  toneHz: number
  user?: string
  /** Registers at this address with this password, and answers by itself. */
  register?: { server: string; password: string; answer: 'auto' | 'manual' }
  transport?: 'udp' | 'tcp' | 'tls'
  /** Its sound: SRTP by SDES and nothing else (by TLS when not told), either, never secured, or by DTLS and nothing else. */
  srtp?: 'only' | 'either' | 'never' | 'dtls'
}

/** A running telephone. */
export interface Phone {
  dial(uri: string): Promise<void>
  press(digit: string): Promise<void>
  /** Speaks another tone from now on. */
  speak(hz: number): Promise<void>
  accept(): Promise<void>
  hangUp(): Promise<void>
  /** Presses the transfer key: sends the other side to this number (REFER). */
  transfer(uri: string): Promise<void>
  /** Where it listens for SIP. */
  sipPort: number
  /** From whom each incoming call came, as its INVITE said. */
  rangFrom(): readonly string[]
  /** Names of ctrl_tcp events so far, e.g. CALL_ESTABLISHED, CALL_CLOSED, CALL_INCOMING, REGISTER_OK. */
  events(): readonly string[]
  /** Waits for an event's n-th appearance; throws after `withinMs`. */
  waitFor(event: string, count?: number, withinMs?: number): Promise<void>
  /** What was heard in the latest call so far: 8 kHz samples. */
  heard(): Int16Array
  /** Loses its power (true), or has it again: nothing is sent or answered meanwhile. */
  freeze(on: boolean): void
  stop(): Promise<void>
}

const makeTone = (hz: number, seconds: number): Buffer => {
  const samples = 8000 * seconds
  const file = Buffer.alloc(44 + samples * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + samples * 2, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(8000, 24)
  file.writeUInt32LE(16000, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(samples * 2, 40)
  for (let n = 0; n < samples; n += 1)
    file.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hz * n) / 8000)), 44 + n * 2)
  return file
}

const configuration = (folder: string, port: number): string =>
  [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${port}`,
    'call_local_timeout 120',
    'call_max_calls 4',
    'audio_player aubridge,x',
    `audio_source aufile,${folder}/tone.wav`,
    'ausrc_srate 8000',
    'auplay_srate 8000',
    'ausrc_channels 1',
    'auplay_channels 1',
    `rtp_ports ${port + 100}-${port + 140}`,
    'jitter_buffer_type fixed',
    'jitter_buffer_delay 2-5',
    'net_interface 127.0.0.1',
    'module_path /usr/lib/baresip/modules',
    ...['g711', 'srtp', 'dtls_srtp', 'aufile', 'aubridge', 'sndfile', 'account', 'menu', 'ctrl_tcp'].map(
      (name) => `module ${name}.so`,
    ),
    `ctrl_tcp_listen 127.0.0.1:${port + 2}`,
    `snd_path ${folder}`,
    '',
  ].join('\n')

const openControl = async (port: number): Promise<Socket> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect({ host: '127.0.0.1', port })
    const won = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      once(socket, 'error').then(() => false),
    ])
    if (won) return socket
    await sleep(50)
  }
  throw new Error(`baresip did not open its control port ${port}`)
}

/** Reads complete netstrings off `text`; what is left is returned. */
const takeMessages = (text: string, each: (message: Record<string, unknown>) => void): string => {
  let rest = text
  for (;;) {
    const colon = rest.indexOf(':')
    const length = Number(rest.slice(0, colon))
    if (colon < 0 || rest.length < colon + length + 2) return rest
    each(JSON.parse(rest.slice(colon + 1, colon + 1 + length)) as Record<string, unknown>)
    rest = rest.slice(colon + length + 2)
  }
}

const account = (options: PhoneOptions): string => {
  const user = options.user ?? 'caller'
  const transport = options.transport ?? 'udp'
  if (!options.register) return `<sip:${user}@127.0.0.1;transport=${transport}>;regint=0`
  const { server, password, answer } = options.register
  const wanted = {
    only: ';mediaenc=srtp-mand',
    either: ';mediaenc=srtp',
    never: '',
    dtls: ';mediaenc=dtls_srtp',
  }[options.srtp ?? 'only']
  const secured = transport === 'tls' || options.srtp ? wanted : ''
  return `<sip:${user}@${server};transport=${transport}>;auth_user=${user};auth_pass=${password};regint=60;answermode=${answer}${secured}`
}

const latestRecording = (folder: string): Int16Array => {
  const file = readdirSync(folder)
    .filter((name) => name.endsWith('-dec.wav'))
    .sort()
    .at(-1)
  if (!file) return new Int16Array(0)
  const bytes = readFileSync(join(folder, file)).subarray(44)
  const samples = new Int16Array(Math.floor(bytes.length / 2))
  for (let n = 0; n < samples.length; n += 1) samples[n] = bytes.readInt16LE(n * 2)
  return samples
}

const closed = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  child.kill('SIGCONT')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
  await over
  clearTimeout(timer)
}

const isFree = async (kind: 'tcp' | 'udp', port: number): Promise<boolean> => {
  const free = Promise.withResolvers<boolean>()
  if (kind === 'tcp') {
    const server = createServer().once('error', () => free.resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => free.resolve(true)))
  } else {
    const socket = createSocket('udp4').once('error', () => free.resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => free.resolve(true)))
  }
  return free.promise
}

/** A port that nobody listens on, with its neighbours for this phone alone; below the kernel's own range. */
const freeBase = async (): Promise<number> => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + 200 * Math.floor(Math.random() * 60)
    const free = await Promise.all([
      isFree('udp', port),
      isFree('tcp', port),
      isFree('tcp', port + 2),
      isFree('udp', port + 100),
    ])
    if (free.every((each) => each)) return port
  }
  throw new Error('no free port for a phone')
}

/** Starts a telephone; stop it at the end, it is a process of its own. */
export const startPhone = async (options: PhoneOptions): Promise<Phone> => {
  const folder = mkdtempSync(join(tmpdir(), 'phone-'))
  const port = await freeBase()
  writeFileSync(join(folder, 'tone.wav'), makeTone(options.toneHz, 180))
  writeFileSync(join(folder, 'config'), configuration(folder, port))
  writeFileSync(join(folder, 'accounts'), '# made below\n')
  writeFileSync(join(folder, 'contacts'), '# none\n')
  const child = spawn('baresip', ['-f', folder], { stdio: 'ignore' })
  const control = await openControl(port + 2)
  const events: string[] = []
  const rangFrom: string[] = []
  let text = ''
  control.on('data', (bytes) => {
    text = takeMessages(text + bytes.toString('latin1'), (message) => {
      if (message['event'] !== true) return
      events.push(String(message['type']))
      if (message['type'] === 'CALL_INCOMING') rangFrom.push(String(message['peeruri']))
    })
  })
  control.on('error', () => undefined)
  const command = async (name: string, params = ''): Promise<void> => {
    const message = JSON.stringify({ command: name, params, token: 't' })
    control.write(`${Buffer.byteLength(message)}:${message},`)
    await sleep(60)
  }
  // Made only now, so that its registration is among the events.
  await command('uanew', account(options))
  return {
    dial: (uri) => command('dial', uri),
    press: (digit) => command('sndcode', digit).then(() => sleep(180)),
    speak: (hz) => {
      const file = join(folder, `tone-${hz}.wav`)
      writeFileSync(file, makeTone(hz, 180))
      return command('ausrc', `aufile,${file}`)
    },
    accept: () => command('accept'),
    hangUp: () => command('hangup'),
    transfer: (uri) => command('transfer', uri),
    sipPort: port,
    rangFrom: () => rangFrom,
    events: () => events,
    waitFor: async (event, count = 1, withinMs = 10_000) => {
      const until = Date.now() + withinMs
      while (events.filter((name) => name === event).length < count) {
        if (Date.now() > until)
          throw new Error(`no ${event} within ${withinMs} ms; seen: ${events.join(' ')}`)
        await sleep(20)
      }
    },
    heard: () => latestRecording(folder),
    freeze: (on) => void child.kill(on ? 'SIGSTOP' : 'SIGCONT'),
    stop: async () => {
      control.destroy()
      await closed(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
