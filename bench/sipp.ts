/** SIPp for measurements: callers at a rate, and a far end that answers everybody. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '../switchboard/media/g711.ts'
import { tone } from '../switchboard/media/tone.ts'

const request = (method: string, cseq: number, to = '') =>
  `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:13800138000@[local_ip]:[local_port]>;tag=[call_number]b
To: <sip:[service]@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:bench@[local_ip]:[local_port]>
Max-Forwards: 70`

const answer = (status: string, to: string, body: string) => `SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:]${to}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:bench@[local_ip]:[local_port]>
${body}`

const sound = (port: string) => `Content-Type: application/sdp
Content-Length: [len]

v=0
o=bench 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [${port}] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
`
const empty = 'Content-Length: 0\n'
const peer = '[peer_tag_param]'
const tag = ';tag=[call_number]f'
const send = (text: string, more = '') => `<send ${more}><![CDATA[\n${text}\n]]></send>`
const scenario = (steps: string[]) =>
  `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="bench">\n${steps.join('\n')}\n</scenario>\n`

const caller = (talkMs: number, voice: boolean, patienceMs: number) =>
  scenario([
    send(`${request('INVITE', 1)}\n${sound(voice ? 'rtpstream_audio_port' : 'media_port')}`, 'retrans="500"'),
    ...[100, 180, 183].map((status) => `<recv response="${status}" optional="true"/>`),
    `<recv response="200" timeout="${patienceMs}"/>`,
    send(`${request('ACK', 1, peer)}\n${empty}`),
    ...(voice ? ['<nop><action><exec rtp_stream="voice.ulaw,-1,0,PCMU/8000"/></action></nop>'] : []),
    `<pause milliseconds="${talkMs}"/>`,
    send(`${request('BYE', 2, peer)}\n${empty}`, 'retrans="500"'),
    `<recv response="200" timeout="${patienceMs}"/>`,
  ])

const farEnd = scenario([
  '<recv request="INVITE"/>',
  send(answer('180 Ringing', tag, empty)),
  send(answer('200 OK', tag, sound('media_port')), 'retrans="500"'),
  '<recv request="ACK" timeout="8000"/>',
  '<recv request="BYE" timeout="120000"/>',
  send(answer('200 OK', '', empty)),
])

/** A SIPp that runs. */
export interface Sipp {
  /** Its exit code: 0 when every call succeeded. */
  over: Promise<number | null>
  /** How many calls succeeded, by its own count; known when it is over. */
  succeeded: Promise<number>
  stop: () => Promise<void>
}

const start = (text: string, args: string[]): Sipp => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-sipp-'))
  writeFileSync(join(folder, 'scenario.xml'), text)
  const samples = tone(440, 2000)
  const voice = new Uint8Array(samples.length)
  encode('PCMU', samples, voice)
  writeFileSync(join(folder, 'voice.ulaw'), voice)
  const fixed = '-sf scenario.xml -nostdin -trace_stat -stf statistics.csv -fd 60'
  const child: ChildProcess = spawn('sipp', [...fixed.split(' '), ...args], {
    cwd: folder,
    env: { ...process.env, TERM: 'dumb' },
    stdio: 'ignore',
  })
  const over = once(child, 'exit').then(([code]) => code as number | null)
  const succeeded = over.then(() => successesIn(join(folder, 'statistics.csv')))
  const tidied = over.finally(() => rmSync(folder, { recursive: true, force: true }))
  return {
    over: tidied,
    succeeded,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await tidied
    },
  }
}

/** The last line of SIPp's statistics, under its heading of names. */
const successesIn = (file: string): number => {
  const rows = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const at = rows[0]?.split(';').indexOf('SuccessfulCall(C)') ?? -1
  return Number(rows.at(-1)?.split(';')[at] ?? Number.NaN)
}

const local = (port: number) => ['-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', String(port)]

/** A number to dial that always answers, and says back what it hears. */
export const startFarEnd = (port: number, soundPort: number): Sipp =>
  start(farEnd, [...local(port), '-mp', String(soundPort), '-rtp_echo', '-aa'])

/** What callers do; they call 1001 and wait 5 s for an answer unless told otherwise. */
export interface CallerPlan {
  count: number
  perSecond: number
  talkMs: number
  voice: boolean
  port: number
  number?: string
  patienceMs?: number
}

/** `count` callers, `perSecond` of them each second, who talk for `talkMs`; with a voice or without. */
export const startCallers = (sipPort: number, given: CallerPlan): Sipp => {
  const { count, perSecond, talkMs, voice, port, number = '1001', patienceMs = 5000 } = given
  const seconds = Math.ceil(count / perSecond + (talkMs + patienceMs) / 1000) + 3
  // RFC 3261 §17.1.1.2: an INVITE is sent seven times before timer B ends it.
  const options = `-s ${number} -max_invite_retrans 7 -mp ${port + 1000} -m ${count} -r ${perSecond} -l ${count * 2} -timeout ${seconds} -timeout_error`
  return start(caller(talkMs, voice, patienceMs), [
    `127.0.0.1:${sipPort}`,
    ...local(port),
    ...options.split(' '),
  ])
}
