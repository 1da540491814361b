// For tests: the messages of RFC 4475 (SIP torture) and RFC 5118 (the same for IPv6), built from what those say of them.

/** One message: its name in the RFC, what is sent, and what an endpoint does. */
export interface Torture {
  readonly name: string
  readonly data: Buffer
  /** The status of its answer; `refused`: 400 or no answer, but never served; `silence`: a response, never answered. */
  readonly expected: number | 'refused' | 'silence'
}

const sdpBody = [
  'v=0',
  'o=mhandley 29739 7272939 IN IP4 192.0.2.3',
  's=-',
  'c=IN IP4 192.0.2.4',
  't=0 0',
  'm=audio 49217 RTP/AVP 0 12',
  'm=video 3227 RTP/AVP 31',
  'a=rtpmap:31 LPC',
  '',
].join('\r\n')

type Lines = Readonly<Record<string, string | null>>

interface Parts {
  readonly start: string
  readonly lines?: Lines
  readonly more?: readonly string[]
  readonly body?: string
}

let made = 0

/** A sound message but for what is given: `lines` replaces headers by name (null leaves one out), `more` adds. */
function message({ start, lines = {}, more = [], body = '' }: Parts): Buffer {
  made += 1
  const method = start.startsWith('SIP/') ? 'OPTIONS' : (start.trim().split(/\s+/)[0] ?? '')
  const usual: Lines = {
    via: `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtorture${made}`,
    maxForwards: 'Max-Forwards: 70',
    from: 'From: <sip:caller@example.net>;tag=torture',
    to: 'To: <sip:user@example.com>',
    callId: `Call-ID: torture.${made}@192.0.2.1`,
    cseq: `CSeq: ${made} ${method}`,
    contact: method === 'INVITE' ? 'Contact: <sip:caller@host5.example.net>' : null,
    type: body === '' ? null : 'Content-Type: application/sdp',
    length: `Content-Length: ${Buffer.byteLength(body)}`,
  }
  const all = Object.values({ ...usual, ...lines }).filter((line) => line !== null)
  return Buffer.from([start, ...all, ...more, '', body].join('\r\n'))
}

const one = (name: string, expected: Torture['expected'], parts: Parts): Torture => ({
  name,
  expected,
  data: message(parts),
})

const ofInvite = (name: string, expected: Torture['expected'], lines: Lines, more: string[] = []): Torture =>
  one(name, expected, { start: 'INVITE sip:user@example.com SIP/2.0', lines, more, body: sdpBody })
const ofOptions = (name: string, expected: Torture['expected'], lines: Lines, more: string[] = []): Torture =>
  one(name, expected, { start: 'OPTIONS sip:user@example.com SIP/2.0', lines, more })
const ofRegister = (
  name: string,
  expected: Torture['expected'],
  lines: Lines,
  more: string[] = [],
): Torture => one(name, expected, { start: 'REGISTER sip:example.com SIP/2.0', lines, more })

const oddMethod = "!interesting-Method0123456789_*+`.%indeed'~"
const oddUri =
  "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com"
const many = (text: string, times: number): string => text.repeat(times)

const valid: readonly Torture[] = [
  one('3.1.1.1 wsinv', 486, {
    start: 'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
    lines: {
      to: 'TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n'.replace(/ ;.*/s, ''),
      from: 'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8',
      maxForwards: 'MaX-fOrWaRdS: 0068',
      length: `Content-Length   : ${sdpBody.length}`,
      cseq: 'cseq: 0009\r\n  INVITE',
      via: 'Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw',
      contact:
        'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33',
    },
    more: [
      's :',
      'NewFangledHeader:   newfangled value\r\n continued newfangled value',
      'UnknownHeaderWithUnusualValue: ;;,,;;,;',
      'Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239',
    ],
    body: sdpBody,
  }),
  one('3.1.1.2 intmeth', 501, {
    start: `${oddMethod} ${oddUri} SIP/2.0`,
    lines: {
      via: "Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
      to: 'To: "BEL:\\\u0007 NUL:\\\u0000 DEL:\\\u007f" <sip:1_unusual.URI~(to-be!sure)@example.com>',
      from: "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.",
      callId: 'Call-ID: intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
    },
    more: ["extensionHeader-!.%*+_`'~:\ufeff大停電"],
  }),
  one('3.1.1.3 esc01', 486, {
    start: 'INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0',
    lines: { to: 'To: sip:%75se%72@example.com', from: 'From: <sip:I%20have%20spaces@example.net>;tag=938' },
    body: sdpBody,
  }),
  ofRegister('3.1.1.4 escnull', 401, {
    to: 'To: sip:null-%00-null@example.com',
    from: 'From: sip:null-%00-null@example.com;tag=839923423',
    contact: 'Contact: <sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>',
  }),
  one('3.1.1.5 esc02', 501, {
    start: 'RE%47IST%45R sip:registrar.example.com SIP/2.0',
    more: ['Contact: <sip:alias1@host1.example.com>'],
  }),
  ofOptions('3.1.1.6 lwsdisp', 200, { from: 'From: caller<sip:caller@example.com>;tag=323' }),
  one('3.1.1.7 longreq', 486, {
    start: 'INVITE sip:user@example.com SIP/2.0',
    lines: {
      to: `To: "I have a user name of ${many('extreme', 10)} proportion"<sip:user@example.com:6000;unknownparam1=very${many('long', 20)}value;longparam${many('name', 25)}=shortvalue;very${many('long', 25)}ParameterNameWithNoValue>`,
      from: `F: sip:${many('amazinglylongcallername', 5)}@example.net;tag=12${many('982', 50)}424;unknownheaderparam${many('name', 20)}=unknowheaderparam${many('value', 15)};unknownValueless${many('paramname', 10)}`,
      callId: `Call-ID: longreq.one${many('really', 20)}longcallid`,
      contact: `Contact: <sip:${many('amazinglylongcallername', 5)}@host5.example.net>`,
    },
    more: [
      `Unknown-${many('Long', 20)}-Name: unknown-${many('long', 20)}-value; unknown-${many('long', 20)}-parameter-name = unknown-${many('long', 20)}-parameter-value`,
      ...Array.from({ length: 34 }, (_, hop) => `Via: SIP/2.0/TCP sip${34 - hop}.example.com`),
    ],
    body: sdpBody,
  }),
  {
    name: '3.1.1.8 dblreq',
    expected: 401,
    data: Buffer.concat([
      message({ start: 'REGISTER sip:example.com SIP/2.0', lines: { length: 'Content-Length: 0' } }),
      message({ start: 'INVITE sip:joe@example.com SIP/2.0', body: sdpBody }),
    ]),
  },
  one('3.1.1.9 semiuri', 200, { start: 'OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0' }),
  ofOptions('3.1.1.10 transports', 200, {}, [
    'Via: SIP/2.0/SCTP t1.example.com;branch=z9hG4bKkdjuwaa',
    'Via: SIP/2.0/TLS t2.example.com;branch=z9hG4bKkdjuwbb',
    'Via: SIP/2.0/UNKNOWN t3.example.com;branch=z9hG4bKkdjuwcc',
    'Via: SIP/2.0/TCP t4.example.com;branch=z9hG4bKkdjuwdd',
  ]),
  one('3.1.1.11 mpart01', 405, {
    start: 'MESSAGE sip:kumiko@example.org SIP/2.0',
    lines: { type: 'Content-Type: multipart/mixed;boundary=7a9cbec02ceef655' },
    body: '--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n\u0000\u0001\u00ff\r\n--7a9cbec02ceef655--',
  }),
  one('3.1.1.12 unreason', 'silence', {
    start: 'SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое',
    lines: { cseq: 'CSeq: 35 INVITE' },
  }),
  one('3.1.1.13 noreason', 'silence', { start: 'SIP/2.0 100 ', lines: { cseq: 'CSeq: 35 INVITE' } }),
]

const invalid: readonly Torture[] = [
  ofInvite('3.1.2.1 badinv01', 'refused', {
    via: 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,',
    contact: 'Contact: "Joe" <sip:joe@example.org>;;;;',
  }),
  ofInvite('3.1.2.2 clerr', 400, { length: 'Content-Length: 9999' }),
  ofInvite('3.1.2.3 ncl', 400, { length: 'Content-Length: -999' }),
  ofRegister(
    '3.1.2.4 scalar02',
    'refused',
    { cseq: 'CSeq: 36893488147419103232 REGISTER', maxForwards: 'Max-Forwards: 300' },
    [`Expires: 1${many('0', 99)}`, 'Contact: <sip:user@host129.example.com>;expires=280297596632815'],
  ),
  one('3.1.2.5 scalarlg', 'silence', {
    start: 'SIP/2.0 503 Service Unavailable',
    lines: { cseq: 'CSeq: 9292394834772304023312 OPTIONS' },
    more: ['Retry-After: 949302838503028349304023988', 'Warning: 1812 overture "In Progress"'],
  }),
  ofInvite('3.1.2.6 quotbal', 'refused', { to: 'To: "Mr. J. User <sip:j.user@example.com>' }),
  one('3.1.2.7 ltgtruri', 400, { start: 'INVITE <sip:user@example.com> SIP/2.0', body: sdpBody }),
  one('3.1.2.8 lwsruri', 400, { start: 'INVITE sip:user@example.com; lr SIP/2.0', body: sdpBody }),
  one('3.1.2.9 lwsstart', 400, { start: 'INVITE  sip:user@example.com  SIP/2.0', body: sdpBody }),
  one('3.1.2.10 trws', 400, { start: 'OPTIONS sip:remote-target@example.com SIP/2.0  ' }),
  one('3.1.2.11 escruri', 400, {
    start: 'INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0',
    body: sdpBody,
  }),
  ofInvite('3.1.2.12 baddate', 486, {}, ['Date: Fri, 01 Jan 2010 16:00:00 EST']),
  ofRegister('3.1.2.13 regbadct', 400, {}, ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E']),
  ofOptions('3.1.2.14 badaspec', 'refused', { to: 'To: "Watson, Thomas" < sip:t.watson@example.org >' }),
  ofOptions('3.1.2.15 baddn', 'refused', { from: 'From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43' }),
  one('3.1.2.16 badvers', 505, {
    start: 'OPTIONS sip:t.watson@example.org SIP/7.0',
    lines: { via: 'Via: SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw'.replace('7.0/', '2.0/') },
  }),
  ofOptions('3.1.2.17 mismatch01', 400, { cseq: 'CSeq: 8 INVITE' }),
  one('3.1.2.18 mismatch02', 400, {
    start: 'NEWMETHOD sip:user@example.com SIP/2.0',
    lines: { cseq: 'CSeq: 8 INVITE' },
  }),
  one('3.1.2.19 bigcode', 'silence', { start: 'SIP/2.0 4294967301 better not break the receiver' }),
]

const judged: readonly Torture[] = [
  ofOptions('3.2.1 badbranch', 200, { via: 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK' }),
  ofInvite('3.3.1 insuf', 'refused', { callId: null, from: null, to: null }),
  one('3.3.2 unkscm', 416, { start: 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0' }),
  one('3.3.3 novelsc', 416, { start: 'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0' }),
  ofRegister(
    '3.3.4 unksm2',
    401,
    { to: 'To: isbn:2983792873', from: 'From: <http://www.example.com>;tag=3234233' },
    ['Contact: <name:John_Smith>'],
  ),
  ofOptions('3.3.5 bext01', 420, {}, [
    'Require: nothingSupportsThis, nothingSupportsThisEither',
    'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis',
  ]),
  ofInvite('3.3.6 invut', 415, { type: 'Content-Type: application/unknownformat' }),
  ofRegister('3.3.7 regaut01', 401, {}, ['Authorization: NoOneKnowsThisScheme opaque-data=here']),
  ofInvite('3.3.8 multi01', 'refused', {}, [
    'CSeq: 59 INVITE',
    'Call-ID: multi01.2',
    'Max-Forwards: 5',
    'From: sip:other@example.net;tag=3413415',
    'To: sip:two@example.com',
  ]),
  ofOptions('3.3.9 mcl01', 400, { length: 'Content-Length: 13' }, ['Content-Length: 5']),
  one('3.3.10 bcast', 'silence', {
    start: 'SIP/2.0 200 OK',
    lines: { cseq: 'CSeq: 9 INVITE', via: 'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923' },
    more: ['Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23'],
  }),
  ofOptions('3.3.11 zeromf', 200, { maxForwards: 'Max-Forwards: 0' }),
  ofRegister('3.3.12 cparam01', 401, {}, ['Contact: sip:+19725552222@gw1.example.net;unknownparam']),
  ofRegister('3.3.13 cparam02', 401, {}, ['Contact: <sip:+19725552222@gw1.example.net;unknownparam>']),
  ofRegister('3.3.14 regescrt', 401, {}, ['Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>']),
  ofInvite('3.3.15 sdp01', 406, {}, ['Accept: text/nobodyKnowsThis']),
  ofInvite(
    '3.4.1 inv2543',
    486,
    {
      via: 'Via: SIP/2.0/UDP iftgw.example.com',
      from: 'From: <sip:+13035551111@ift.client.example.net;user=phone>',
      to: 'To: sip:+16505552222@ss1.example.net;user=phone',
      contact: null,
      maxForwards: null,
    },
    ['Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>'],
  ),
]

const sdp6 = (address: string, more = ''): string =>
  `v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live\r\nc=IN IP6 ${address}\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 2 8\r\na=rtpmap:2 G726-32/8000\r\n${more}`

/** RFC 4475: all 49. */
export const torture: readonly Torture[] = [...valid, ...invalid, ...judged]

/** RFC 5118: all 11 (two in its section 4.5). */
export const torture6: readonly Torture[] = [
  one('4.1 good', 401, {
    start: 'REGISTER sip:[2001:db8::10] SIP/2.0',
    lines: { via: 'Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111' },
    more: ['Contact: "Caller" <sip:caller@[2001:db8::1]>'],
  }),
  one('4.2 bad', 400, {
    start: 'REGISTER sip:2001:db8::10 SIP/2.0',
    more: ['Contact: "Caller" <sip:caller@[2001:db8::1]>'],
  }),
  one('4.3 port ambiguous', 401, {
    start: 'REGISTER sip:[2001:db8::10:5070] SIP/2.0',
    more: ['Contact: "Caller" <sip:caller@[2001:db8::1]>'],
  }),
  one('4.4 port unambiguous', 401, {
    start: 'REGISTER sip:[2001:db8::10]:5070 SIP/2.0',
    more: ['Contact: "Caller" <sip:caller@[2001:db8::1]>'],
  }),
  one('4.5 received in brackets', 481, {
    start: 'BYE sip:[2001:db8::10] SIP/2.0',
    lines: { via: 'Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111' },
  }),
  one('4.5 received without brackets', 481, {
    start: 'OPTIONS sip:[2001:db8::10] SIP/2.0'.replace('OPTIONS', 'BYE'),
    lines: { via: 'Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3' },
  }),
  one('4.6 addresses in SDP', 486, {
    start: 'INVITE sip:user@[2001:db8::10] SIP/2.0',
    lines: { contact: 'Contact: "Caller" <sip:caller@[2001:db8::1]>' },
    body: sdp6('2001:db8::20'),
  }),
  one('4.7 several addresses in headers', 481, {
    start: 'BYE sip:user@host.example.net SIP/2.0',
    lines: { via: 'Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-112' },
    more: [
      'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
      'Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200',
    ],
  }),
  one('4.8 several addresses in SDP', 486, {
    start: 'INVITE sip:user@[2001:db8::10] SIP/2.0',
    body: sdp6(
      '2001:db8::1',
      'm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n',
    ),
  }),
  one('4.9 IPv4 mapped', 486, {
    start: 'INVITE sip:user@example.com SIP/2.0',
    lines: {
      via: 'Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19',
      contact: 'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
    },
    body: sdp6('::ffff:192.0.2.2'),
  }),
  one('4.10 three colons', 200, {
    start: 'OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0',
    lines: {
      to: 'To: sip:user@[2001:db8:::192.0.2.1]',
      via: 'Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
    },
  }),
]
