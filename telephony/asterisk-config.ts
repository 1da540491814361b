/* The configuration of an Asterisk 22 that stands in the place of our switchboard. Pure: settings in, files out. */
import { join } from 'node:path/posix'
import { modules } from './asterisk/modules.ts'

/** What an installation decides about its Asterisk. Paths are absolute and on the machine where Asterisk runs. */
export interface AsteriskSettings {
  /** Name of this Asterisk among its fellows: letters, digits, `-`. Ids of its channels begin with it. */
  name: string
  /** Address of SIP and sound. */
  host: string
  /** The address outside by which phones and trunks reach `host` through a translating router; null: none. */
  publicAddress: string | null
  sipPort: number
  /** SIP over TLS and seats over WSS with this PEM file of key and certificate; null: seats come by the web server. */
  tls: { sipsPort: number; wssPort: number; pem: string } | null
  rtpPorts: { first: number; last: number }
  /** The door of the server, and of seats' WebSocket at `/ws`. It has no TLS: give it a private address. */
  ari: { host: string; port: number; user: string; password: string }
  /** The server's name in the switchboard. */
  app: string
  /** Realm of the seats' digest secrets. */
  realm: string
  /** `ws://…` or `wss://…` of the recorder. */
  recorderUrl: string
  /** WAVs: words for callers while no server is connected, and the music they hear then and on hold. */
  fallbackSound: string
  music: string
  /** Takes calls from nobody known: for trials on loopback only. */
  acceptAnonymous: boolean
  places: Places
}

/** Where an Asterisk has its things. */
export interface Places {
  /** Its configuration: the folder into which these files go. */
  etc: string
  /** Its loadable modules. */
  modules: string
  /** Its read-only data. */
  share: string
  /** Its own database. */
  lib: string
  spool: string
  run: string
  log: string
  cache: string
}

/** Where Debian's package has them. */
export const debianPlaces: Readonly<Omit<Places, 'etc'>> = {
  modules: '/usr/lib/x86_64-linux-gnu/asterisk/modules',
  share: '/usr/share/asterisk',
  lib: '/var/lib/asterisk',
  spool: '/var/spool/asterisk',
  run: '/run/asterisk',
  log: '/var/log/asterisk',
  cache: '/var/cache/asterisk',
}

/** Dialplan context that seats' and trunks' own calls enter. */
const context = 'hearthline'

/** A setting that would break out of its line, or cannot be meant. */
export class AsteriskSettingRefused extends Error {}

type Section = [name: string, lines: Readonly<Record<string, string | number>> | string[]]

/** Every file of the configuration by its name; the same settings always give the same text. */
export function asteriskConfig(settings: AsteriskSettings): ReadonlyMap<string, string> {
  refuseOddities(settings)
  const files: Record<string, Section[]> = {
    'asterisk.conf': core(settings),
    'modules.conf': [
      ['modules', { autoload: 'no' }],
      ['modules', modules.map((name) => `load=${name}`)],
    ],
    'logger.conf': [
      ['general', { dateformat: '%F %T.%3q' }],
      // Notices name callers' numbers.
      ['logfiles', { messages: 'warning,error' }],
    ],
    'http.conf': [['general', http(settings)]],
    'ari.conf': [
      ['general', { enabled: 'yes', pretty: 'no' }],
      [settings.ari.user, { type: 'user', read_only: 'no', password: settings.ari.password }],
    ],
    'pjsip.conf': pjsip(settings),
    'sorcery.conf': sorcery,
    'extensions.conf': dialplan(settings),
    'websocket_client.conf': [['recorder', recorder(settings)]],
    'rtp.conf': [
      ['general', { rtpstart: settings.rtpPorts.first, rtpend: settings.rtpPorts.last, strictrtp: 'yes' }],
    ],
    'musiconhold.conf': [
      ['default', playlist(settings.music)],
      ['away', playlist(settings.fallbackSound, settings.music)],
    ],
    'cdr.conf': [
      ['general', { enable: 'yes', unanswered: 'yes' }],
      ['csv', { usegmtime: 'yes', loguniqueid: 'yes', loguserfield: 'yes' }],
    ],
    ...Object.fromEntries(leftAsTheyAre.map((name) => [`${name}.conf`, []])),
  }
  return new Map(Object.entries(files).map(([name, sections]) => [name, textOf(sections)]))
}

/** Asterisk calls their absence an error; its defaults are what we want. */
const leftAsTheyAre = [
  'acl',
  'ccss',
  'cel',
  'chan_websocket',
  'features',
  'indications',
  'pjproject',
  'udptl',
]

const heading =
  '; Made by `npx hearthline asterisk-config`: change its options and make it again, not this file.\n'

/** Whether a file was written by this generator, so that it may be written again. */
export const isMadeHere = (text: string): boolean => text.startsWith(heading)

function textOf(sections: Section[]): string {
  const blocks: string[] = []
  let last = ''
  for (const [name, lines] of sections) {
    const list = Array.isArray(lines) ? lines : Object.entries(lines).map(([key, value]) => `${key}=${value}`)
    const block = list.map((line) => `${line}\n`).join('')
    blocks.push(name === last ? block : `\n[${name}]\n${block}`)
    last = name
  }
  return heading + blocks.join('')
}

/** Each value becomes part of one line of a file in which `;` begins a comment. */
function refuseOddities(settings: AsteriskSettings): void {
  const { name, ari, app, recorderUrl, fallbackSound, music, places } = settings
  for (const word of [name, ari.user, app])
    if (!/^[\w-]+$/.test(word)) throw new AsteriskSettingRefused(`"${word}" is not a plain name`)
  const texts = [ari.password, recorderUrl, fallbackSound, music, settings.realm, ...Object.values(places)]
  for (const text of texts)
    if (!/^[\x21-\x7e]+$/.test(text) || /[;,[\]]/.test(text))
      throw new AsteriskSettingRefused('a path, address or password holds a space, ";", "," or a bracket')
  for (const file of [fallbackSound, music])
    if (!/^\/.*\.wav$/.test(file))
      throw new AsteriskSettingRefused('a sound must be the absolute path of a .wav')
}

function core({ name, places }: AsteriskSettings): Section[] {
  const { etc, modules: loadable, share, lib, spool, run, log, cache } = places
  return [
    [
      'directories',
      {
        astetcdir: etc,
        astmoddir: loadable,
        astvarlibdir: share,
        astdatadir: share,
        astagidir: join(share, 'agi-bin'),
        astdbdir: lib,
        astkeydir: lib,
        astspooldir: spool,
        astrundir: run,
        astlogdir: log,
        astcachedir: cache,
      },
    ],
    // The entity id tells events of several Asterisks apart; by default it is a network card's address.
    [
      'options',
      { systemname: name, entityid: name, live_dangerously: 'no', documentation_language: 'en_US' },
    ],
  ]
}

function http({ ari, tls, host }: AsteriskSettings): Record<string, string | number> {
  return {
    enabled: 'yes',
    bindaddr: ari.host,
    bindport: ari.port,
    enable_static: 'no',
    // Every seat in a browser holds one for its whole shift; the default is 100.
    sessionlimit: 2000,
    ...(tls && { tlsenable: 'yes', tlsbindaddr: `${host}:${tls.wssPort}`, tlscertfile: tls.pem }),
  }
}

function transport(settings: AsteriskSettings, protocol: string, port: number): Section {
  const { host, publicAddress } = settings
  const outside = publicAddress && {
    external_media_address: publicAddress,
    external_signaling_address: publicAddress,
    local_net: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16',
  }
  return [protocol, { type: 'transport', protocol, bind: `${host}:${port}`, ...outside }]
}

function pjsip(settings: AsteriskSettings): Section[] {
  const { sipPort, tls, ari, realm } = settings
  // By name first: a phone may register from the address of a trunk.
  const order = settings.acceptAnonymous ? 'username,ip,anonymous' : 'username,ip'
  const sections: Section[] = [
    [
      'global',
      { type: 'global', user_agent: 'Hearthline', endpoint_identifier_order: order, default_realm: realm },
    ],
    transport(settings, 'udp', sipPort),
    transport(settings, 'tcp', sipPort),
    // Served by the HTTP server whatever is bound here, which must only be an address.
    ['ws', { type: 'transport', protocol: 'ws', bind: ari.host }],
  ]
  if (tls) {
    const [name, lines] = transport(settings, 'tls', tls.sipsPort)
    sections.push([name, { ...lines, cert_file: tls.pem, priv_key_file: tls.pem, method: 'tlsv1_2' }])
    sections.push(['wss', { type: 'transport', protocol: 'wss', bind: ari.host }])
  }
  if (settings.acceptAnonymous) sections.push(['anonymous', anonymous])
  return sections
}

const anonymous = {
  type: 'endpoint',
  context,
  disallow: 'all',
  allow: 'ulaw,alaw',
  direct_media: 'no',
  rtp_symmetric: 'yes',
  force_rport: 'yes',
  rewrite_contact: 'yes',
}

/** The server sends seats and trunks into memory at every connect; only what is made here comes from the file. */
const pushed = (type: string): string[] => [
  `${type}=config,pjsip.conf,criteria=type=${type}`,
  `${type}=memory`,
]
const sorcery: Section[] = [
  ['res_pjsip', ['endpoint', 'auth', 'aor'].flatMap(pushed)],
  ['res_pjsip_endpoint_identifier_ip', pushed('identify')],
  ['res_pjsip_outbound_registration', pushed('registration')],
]

const playlist = (...files: string[]): string[] => [
  'mode=playlist',
  ...files.map((file) => `entry=${file.slice(0, -'.wav'.length)}`),
]

/**
 * Every call to the server. While none is there the caller is answered, told and kept with music, and handed over within
 * two seconds of its return: music goes on where it was, where Playback() would first have to end.
 */
function dialplan({ app }: AsteriskSettings): Section[] {
  const lines = [
    `exten => _[0-9a-zA-Z+*#]!,1,Stasis(${app},\${EXTEN})`,
    ' same => n,GotoIf($["${STASISSTATUS}"!="FAILED"]?over)',
    ' same => n,Answer()',
    ' same => n(wait),MusicOnHold(away,2)',
    ` same => n,Stasis(${app},\${EXTEN})`,
    ' same => n,GotoIf($["${STASISSTATUS}"="FAILED"]?wait)',
    ' same => n(over),Hangup()',
    // Asterisk comes here when a caller hung up; the pattern would send them to the server once more.
    'exten => h,1,NoOp()',
  ]
  return [
    ['general', { static: 'yes', writeprotect: 'yes' }],
    [context, lines],
  ]
}

function recorder({ recorderUrl }: AsteriskSettings): Record<string, string> {
  return {
    type: 'websocket_client',
    uri: recorderUrl,
    protocols: 'media',
    connection_type: 'per_call_config',
    tls_enabled: recorderUrl.startsWith('wss:') ? 'yes' : 'no',
  }
}
