/** A crowd of callers by SIPp: a voice for each, a plan for each, and what became of each call as SIPp saw it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '../../switchboard/media/g711.ts'
import { tone } from '../../switchboard/media/tone.ts'

/** How long a caller stays after the first key, in milliseconds; each has its branch in the scenario. */
export const stays = { none: 1, short: 3000, middle: 12_000, long: 26_000 } as const

/** What one caller is going to do. */
export interface Plan {
  /** The number shown; it tells the calls apart. */
  number: string
  /** Milliseconds of listening before the first key. */
  before: number
  key: '0' | '1' | '2' | '9' | null
  stay: keyof typeof stays
  /** Pressed after the stay, asked for or not; then the caller stays for three seconds more. */
  second: string | null
}

/** How a call ended for its caller. `crossed`: both sides hung up at the same moment. */
export type Ending = 'hung-up' | 'put-down' | 'crossed'

const request = (method: string, cseq: number, to: string) =>
  `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[call_number]c
To: <sip:[service]@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70`

const peer = '[peer_tag_param]'
const empty = 'Content-Length: 0\n'
const send = (text: string, more = '') => `<send ${more}><![CDATA[\n${text}\n]]></send>\n`
const offer = `Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
`
const key = (variable: string, cseq: number) =>
  send(
    `${request('INFO', cseq, peer)}\nContent-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=[$${variable}]\nDuration=160\n`,
    'retrans="500"',
  )
const ok = `SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
`
const nop = (actions: string, more = '') => `<nop ${more}><action>${actions}</action></nop>\n`
const log = (ending: Ending, more = '') => nop(`<log message="[field0] ${ending}"/>`, more)
const read = (variable: string, field: number) =>
  `<assignstr assign_to="${variable}" value="[field${field}]"/>`
const same = (flag: string, variable: string, value: string) =>
  `<strcmp assign_to="${flag}Order" variable="${variable}" value="${value}"/>
   <test assign_to="${flag}" variable="${flag}Order" compare="equal" value="0"/>`
const names = Object.keys(stays)

const scenario = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a caller">
${nop(
  read('beforeText', 1) +
    '<todouble assign_to="before" variable="beforeText"/>' +
    read('first', 2) +
    same('noFirst', 'first', '-') +
    read('stay', 3) +
    names.map((name) => same(name, 'stay', name)).join('') +
    read('second', 4) +
    same('noSecond', 'second', '-'),
)}
${send(`${request('INVITE', 1, '')}\n${offer}`, 'retrans="500"')}
${[100, 180, 183].map((status) => `<recv response="${status}" optional="true"/>`).join('\n')}
<recv response="200" timeout="15000"/>
${send(`${request('ACK', 1, peer)}\n${empty}`)}
${nop('<exec rtp_stream="voice.ulaw,-1,0,PCMU/8000"/>')}
<pause variable="before"/>
<nop next="stay" test="noFirst"/>
${key('first', 2)}
<recv response="200"/>
<label id="stay"/>
${names.map((name) => `<nop next="${name}" test="${name}"/>`).join('\n')}
${Object.entries(stays)
  .map(
    ([name, ms]) =>
      `<label id="${name}"/>\n<recv request="BYE" timeout="${ms}" ontimeout="second" next="put-down"/>`,
  )
  .join('\n')}
<label id="second"/>
<nop next="hang-up" test="noSecond"/>
${key('second', 3)}
<recv response="200" optional="true" timeout="3000" ontimeout="hang-up"/>
<recv request="BYE" timeout="3000" ontimeout="hang-up" next="put-down"/>
<label id="hang-up"/>
${send(`${request('BYE', 9, peer)}\n${empty}`, 'retrans="500"')}
<recv response="200" optional="true" next="hung-up"/>
<recv request="BYE" next="crossed"/>
<label id="hung-up"/>
${log('hung-up', 'next="over"')}
<label id="crossed"/>
${send(ok)}
${log('crossed', 'next="over"')}
<label id="put-down"/>
${send(ok)}
${log('put-down')}
<label id="over"/>
</scenario>
`

/** Lets all of them call `line`, ten a second; gives how each call ended, by number. Rejects when SIPp counts a failure. */
export const callAll = async (
  line: string,
  sipPort: number,
  plans: readonly Plan[],
): Promise<Map<string, Ending>> => {
  const folder = mkdtempSync(join(tmpdir(), 'crowd-'))
  const rows = plans.map(({ number, before, key: first, stay, second }) =>
    [number, before, first ?? '-', stay, second ?? '-'].join(';'),
  )
  writeFileSync(join(folder, 'plans.csv'), `SEQUENTIAL\n${rows.join('\n')}\n`)
  writeFileSync(join(folder, 'scenario.xml'), scenario)
  const samples = tone(440, 2000)
  const voice = new Uint8Array(samples.length)
  encode('PCMU', samples, voice)
  writeFileSync(join(folder, 'voice.ulaw'), voice)
  const fixed = `-sf scenario.xml -inf plans.csv -i 127.0.0.1 -mi 127.0.0.1 -p 15600 -mp 42000 -nostdin`
  const pace = `-r 10 -m ${plans.length} -l ${plans.length * 2} -timeout 90 -timeout_error`
  const logs = '-trace_logs -log_file calls.log -trace_err -error_file errors.log'
  const child = spawn(
    'sipp',
    [`127.0.0.1:${sipPort}`, '-s', line, ...`${fixed} ${pace} ${logs}`.split(' ')],
    {
      cwd: folder,
      env: { ...process.env, TERM: 'dumb' },
      stdio: 'ignore',
    },
  )
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    const told = (name: string): string => {
      try {
        return readFileSync(join(folder, name), 'utf8')
      } catch {
        return ''
      }
    }
    if (code !== 0)
      throw new Error(`SIPp counted failed calls (${code}):\n${told('errors.log').slice(0, 4000)}`)
    const endings = told('calls.log')
      .split('\n')
      .flatMap((text) => [...text.matchAll(/(\d+) (hung-up|put-down|crossed)/g)])
    return new Map(endings.map((found) => [found[1] ?? '', found[2] as Ending]))
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}
