import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseNameAddress, parseVia, splitList, writeNameAddress } from './headers.ts'
import { parseMessage, responseTo, sdpOf, serialiseMessage, tagOf } from './message.ts'
import { SipParseError } from './parse-error.ts'
import { escapeUser, parseUri, userOf } from './uri.ts'

const bytes = (lines: string[], body = ''): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)

const usual = {
  via: 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
  from: 'From: <sip:a@example.com>;tag=1',
  to: 'To: <sip:b@example.com>',
  callId: 'Call-ID: 1@192.0.2.1',
  cseq: 'CSeq: 1 OPTIONS',
  length: 'Content-Length: 0',
}

/** An OPTIONS with some of its usual lines replaced (or, by '', left out), and more lines. */
const options = (changes: Partial<typeof usual>, more: string[] = [], body = ''): Buffer =>
  bytes(
    [
      'OPTIONS sip:b@example.com SIP/2.0',
      ...Object.values({ ...usual, ...changes }).filter((line) => line !== ''),
      ...more,
    ],
    body,
  )

test('a tortuous message is read as it is meant: folding, compact names, odd spaces and letters', () => {
  const message = parseMessage(
    bytes(
      [
        'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
        'TO :',
        ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
        'f   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
        '  ;',
        '  tag = 98asjd8',
        'MaX-fOrWaRdS: 0068',
        'Call-ID: wsinv.ndaksdj@192.0.2.1',
        'l   : 5',
        'cseq: 0009',
        '  INVITE',
        'v  : SIP  / 2.0',
        '  /UDP 192.0.2.2;branch=390skdjuw',
        's :',
        'NewFangledHeader:   newfangled value',
        ' continued newfangled value',
        'UnknownHeaderWithUnusualValue: ;;,,;;,;',
        'Via:SIP/2.0/TCP [2001:db8::9:1]:5061 ;branch = z9hG4bK9ikj8  , SIP / 2.0 / UDP 192.0.2.1',
        'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam = newvalue ; secondparam ; q = 0.33',
      ],
      'v=0\r\n dropped',
    ),
  )
  if (message.kind !== 'request') throw new Error('a request was expected')
  const { headers } = message
  expect(tagOf(headers, 'to')).toBe('1918181833n')
  expect(tagOf(headers, 'from')).toBe('98asjd8')
  expect(parseNameAddress(headers.get('From') ?? '').name).toBe('J Rosenberg \\"')
  expect(headers.list('via').map((via) => parseVia(via).host)).toEqual([
    '192.0.2.2',
    '[2001:db8::9:1]',
    '192.0.2.1',
  ])
  expect(headers.get('subject')).toBe('')
  expect(headers.get('newfangledheader')).toBe('newfangled value continued newfangled value')
  expect(parseNameAddress(headers.get('contact') ?? '').params.get('q')).toBe('0.33')
  expect(message.body).toBe('v=0\r\n')
})

test.each<[string, Buffer]>([
  ['lower case method of its own', options({ cseq: 'CSeq: 1 options' })],
  ['method of odd letters', bytes(['!int%erna-t~ional`m*d_+\' sip:b@x SIP/2.0', ...Object.values({ ...usual, cseq: "CSeq: 1 !int%erna-t~ional`m*d_+'" })])], // prettier-ignore
  ['escaped nulls and signs in a user', options({ from: 'From: <sip:null-%00-null@example.com>;tag=1' })],
  ['tel in To', options({ to: 'To: <tel:+86-10-8295-1332;phone-context=x>' })],
  ['unknown scheme in To', options({ to: 'To: <isbn:2983792873>' })],
  ['non-ASCII display name', options({ from: 'From: "安娜" <sip:a@example.com>;tag=1' })],
  [
    'unquoted display name of several words',
    options({ from: 'From: Bell, Watson <sip:a@b>;tag=1'.replace(',', '') }),
  ],
  [
    'a thousand unknown headers',
    options(
      {},
      Array.from({ length: 1000 }, (_, i) => `X-${i}: ${i}`),
    ),
  ],
  ['no Content-Length in a datagram', options({ length: '' })],
  ['empty lines before the message', Buffer.concat([Buffer.from('\r\n\r\n'), options({})])],
  ['unbalanced angle in an unknown header', options({}, ['X-Odd: <<<"'])],
  ['user with semicolons', options({ to: 'To: <sip:1;phone-context=+86@x;user=phone>' })],
])('valid: %s', (name, data) => {
  // One of the rows is wrong on purpose: CSeq must repeat the method letter by letter.
  if (name === 'lower case method of its own') expect(() => parseMessage(data)).toThrow(SipParseError)
  else expect(parseMessage(data).kind).toBe('request')
})

test.each<[string, Buffer]>([
  ['nothing', Buffer.from('')],
  ['no version', bytes(['OPTIONS sip:b@example.com', ...Object.values(usual)])],
  ['version 7.0', bytes(['OPTIONS sip:b@example.com SIP/7.0', ...Object.values(usual)])],
  ['two spaces in the request line', bytes(['OPTIONS  sip:b@example.com SIP/2.0', ...Object.values(usual)])],
  ['space in the request URI', bytes(['OPTIONS sip:b@example.com; lr SIP/2.0', ...Object.values(usual)])],
  ['brackets round the request URI', bytes(['OPTIONS <sip:b@example.com> SIP/2.0', ...Object.values(usual)])],
  ['status of four digits', bytes(['SIP/2.0 4294967301 Big', ...Object.values(usual)])],
  ['status below 100', bytes(['SIP/2.0 099 Small', ...Object.values(usual)])],
  ['no Via', options({ via: '' })],
  ['broken Via', options({ via: 'Via: SIP/2.0/UDP 192.0.2.1:99999;branch=x' })],
  ['no From', options({ from: '' })],
  ['no To', options({ to: '' })],
  ['no Call-ID', options({ callId: '' })],
  ['empty Call-ID', options({ callId: 'Call-ID:' })],
  ['no CSeq', options({ cseq: '' })],
  ['CSeq too large', options({ cseq: 'CSeq: 36893488147419103232 OPTIONS' })],
  ['CSeq of another method', options({ cseq: 'CSeq: 1 INVITE' })],
  ['two From', options({}, ['From: <sip:z@example.com>;tag=2'])],
  ['two Content-Length', options({}, ['Content-Length: 0'])],
  ['negative Content-Length', options({ length: 'Content-Length: -999' })],
  ['Content-Length beyond the datagram', options({ length: 'Content-Length: 9999' })],
  ['Max-Forwards above 255', options({}, ['Max-Forwards: 300'])],
  ['unterminated quote', options({ to: 'To: "Mr. J. User <sip:j.user@example.com>' })],
  ['unterminated bracket', options({ to: 'To: <sip:j.user@example.com' })],
  ['comma in a bare address', options({ from: 'From: Bell, A <sip:a@b>;tag=1' })],
  ['question mark outside brackets', options({ from: 'From: sip:a@b?x=y;tag=1' })],
  ['header line without a colon', options({}, ['Nonsense'])],
  ['header name with a space', options({}, ['Non sense: 1'])],
  ['folding before the first header', bytes(['OPTIONS sip:b@x SIP/2.0', ' folded', ...Object.values(usual)])],
  ['control characters', options({}, ['X: a\u0000b'])],
  ['bare line feed', options({}, ['X: a\nVia: b'])],
  ['two @ in a URI', options({ to: 'To: <sip:a@b@c>' })],
  ['INVITE without Contact', bytes(['INVITE sip:b@x SIP/2.0', ...Object.values({ ...usual, cseq: 'CSeq: 1 INVITE' })])], // prettier-ignore
])('refused: %s', (_, data) => {
  expect(() => parseMessage(data)).toThrow(SipParseError)
})

test('what is written is read again as the same', () => {
  const first = parseMessage(
    options({ length: 'Content-Length: 6' }, ['Content-Type: application/sdp'], '你好'),
  )
  const wire = serialiseMessage(first)
  expect(wire).toContain('Content-Length: 6\r\n')
  expect(serialiseMessage(parseMessage(Buffer.from(wire)))).toBe(wire)
  if (first.kind !== 'request') throw new Error('a request was expected')
  const response = parseMessage(Buffer.from(serialiseMessage(responseTo(first, 486, 'abc'))))
  expect(response).toMatchObject({ status: 486, reason: 'Busy Here' })
  expect(tagOf(response.headers, 'to')).toBe('abc')
})

test('a name cannot break out of its quotes, nor a number out of its URI', () => {
  const nasty = fc.constantFrom(
    '"',
    '\\',
    '<',
    '>',
    ';',
    '@',
    ':',
    '#',
    '%',
    '\r',
    '\n',
    '\0',
    '\ud800',
    '安',
    '😀',
    ' ',
  )
  const text = fc.array(fc.oneof(nasty, fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 12 })
  const words = text.map((parts) => parts.join('')).filter((word) => word !== '')
  fc.assert(
    fc.property(words, words, (name, user) => {
      const value = writeNameAddress(name, `sip:${escapeUser(user)}@example.com`)
      const read = parseNameAddress(value)
      expect(read.params.size).toBe(0)
      expect(parseUri(read.uri)?.host).toBe('example.com')
      expect(value).not.toMatch(/[\r\n]/)
    }),
    { seed: 1, numRuns: 1000 },
  )
})

test('users come out of every kind of URI', () => {
  const users = [
    'sip:%61nna@x',
    'sip:1;a=b@x',
    'tel:+86-138',
    'sips:a:secret@x:5061',
    'sip:x',
    'http://x',
    'sip:@',
  ]
  expect(users.map(userOf)).toEqual(['anna', '1', '+86138', 'a', '', '', ''])
})

test('control characters reach nobody: neither escaped in a user, nor behind a backslash', () => {
  expect(userOf('sip:1%0038%0A0@x')).toBe('1380')
  expect(parseNameAddress('"An\\\u0000\\\u0007na" <sip:a@x>').name).toBe('Anna')
  expect(() => parseMessage(options({ from: 'From: <sip:a\\\u0000b@x>;tag=1' }))).toThrow(SipParseError)
})

test('lists are split at commas outside quotes and brackets', () => {
  expect(splitList('"a,b" <sip:x?y=1,2>;p, <sip:z>,, q')).toEqual(['"a,b" <sip:x?y=1,2>;p', '<sip:z>', 'q'])
})

test('SDP inside a multipart body of a carrier is found', () => {
  const body =
    '--x\r\nContent-Type: application/isup\r\n\r\n\u0001\r\n--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x--'
  const length = `Content-Length: ${body.length}`
  const message = parseMessage(options({ length }, ['Content-Type: multipart/mixed;boundary=x'], body))
  expect(sdpOf(message)).toBe('v=0\r\n')
})

test('whatever is done to a message, nothing but SipParseError comes out', () => {
  const sound = bytes(
    [
      'INVITE sip:1001@127.0.0.1;a=b?c=d SIP/2.0',
      'Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP [::1]:1;branch=2',
      'From: "A \\" B" <sip:a@b;x=y>;tag=1',
      't: <sip:1001@127.0.0.1>',
      'i: x@y',
      'CSeq: 1 INVITE',
      'Contact: <sip:a@b>;q=0.1;+sip.instance="<urn:uuid:1>"',
      'Record-Route: <sip:p;lr>, <sip:q;lr>',
      'Max-Forwards: 70',
      'Content-Type: application/sdp',
      'l: 5',
    ],
    'v=0\r\n',
  )
  const edit = fc.record({ at: fc.nat(sound.length), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 12 }) })
  const word = fc.constantFrom(
    '\r\n',
    '\r\n ',
    '"',
    '<',
    '>',
    ';',
    ',',
    ':',
    '%',
    '%00',
    '\u0000',
    '@',
    '[',
    'é',
    '=',
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof(edit, fc.record({ at: fc.nat(sound.length), cut: fc.nat(3), put: word }))),
      (edits) => {
        let data = sound
        for (const { at, cut, put } of edits) {
          data = Buffer.concat([data.subarray(0, at), Buffer.from(put as string), data.subarray(at + cut)])
        }
        try {
          const message = parseMessage(data)
          serialiseMessage(message)
          sdpOf(message)
        } catch (error) {
          expect(error).toBeInstanceOf(SipParseError)
        }
      },
    ),
    { seed: 4475, numRuns: 3000 },
  )
})
