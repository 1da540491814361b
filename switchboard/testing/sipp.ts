/** SIPp in tests: the other side's own SIP stack, by scenario. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const program = '/usr/bin/sipp'

/** Whether SIPp is installed; tests that need it are skipped, and say so, when it is not. */
export const hasSipp = existsSync(program)
if (!hasSipp)
  process.stderr.write('SIPp is not installed: the tests with it are skipped (apt install sip-tester)\n')

const head = (
  method: string,
  cseq: number,
  to = '',
) => `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "sipp" <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]x
To: <sip:[service]@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70`

const sdp = `v=0
o=u 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000`

const send = (text: string, more = '') => `<send ${more}><![CDATA[\n${text}\n]]></send>`
const body = (text: string) => `Content-Type: application/sdp\nContent-Length: [len]\n\n${text}`
const empty = 'Content-Length: 0\n'
const expect = (status: number, more = '') => `<recv response="${status}" ${more}/>`
const maybe = [100, 180, 183].map((status) => expect(status, 'optional="true"')).join('')

const ok = (method: string) =>
  `<recv request="${method}"/>` +
  send(`SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
`)

const scenario = (steps: string) =>
  `<?xml version="1.0" encoding="ISO-8859-1" ?><scenario name="test">${steps}</scenario>`

const begin =
  send(`${head('INVITE', 1)}\n${body(sdp)}`, 'retrans="500"') +
  maybe +
  expect(200, 'rrs="true"') +
  send(`${head('ACK', 1, '[peer_tag_param]')}\n${empty}`)
const end = send(`${head('BYE', 9, '[peer_tag_param]')}\n${empty}`, 'retrans="500"') + expect(200)

/** Scenarios by name. */
export const scenarios = {
  /** Calls, waits to be answered, hangs up after 300 ms. */
  plain: scenario(`${begin}<pause milliseconds="300"/>${end}`),
  /** An INVITE without SDP: our offer comes in the 200, the answer goes in the ACK. */
  offerless: scenario(
    send(`${head('INVITE', 1)}\n${empty}`, 'retrans="500"') +
      maybe +
      expect(200, 'rrs="true"') +
      send(`${head('ACK', 1, '[peer_tag_param]')}\n${body(sdp)}`) +
      `<pause milliseconds="500"/>${end}`,
  ),
  /** Presses its transfer key: 202, NOTIFY with 100 and then with the outcome. */
  refer: scenario(
    `${begin}<pause milliseconds="200"/>` +
      send(
        `${head('REFER', 2, '[peer_tag_param]')}\nRefer-To: <sip:2002@[remote_ip]>\n${empty}`,
        'retrans="500"',
      ) +
      expect(202) +
      ok('NOTIFY') +
      ok('NOTIFY') +
      end,
  ),
}

/** Runs a scenario against the switchboard's port; rejects with what SIPp said when a call failed. */
export async function sipp(name: keyof typeof scenarios, port: number, ...more: string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sipp-'))
  const file = join(folder, 'scenario.xml')
  await writeFile(file, scenarios[name])
  const local = String(33_000 + Math.floor(Math.random() * 2_000) * 2)
  const args = ['-sf', file, '-s', '1001', '-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', local, '-nostdin']
  try {
    await run(
      program,
      [`127.0.0.1:${port}`, ...args, '-timeout', '20', '-timeout_error', '-m', '1', ...more],
      {
        cwd: folder,
        env: { TERM: 'dumb' },
      },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
