/* The doors: ports, certificate, and whether browsers will give a seat its microphone. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tcpPortState, udpPortState } from '../ports.ts'
import type { Settings } from '../settings.ts'
import { about, type Finding } from './finding.ts'

const day = 24 * 60 * 60 * 1000
const { ok, warn, fail } = about('ports')

/** Every port this installation would open; those of a running Hearthline on the same data folder count as its own. */
export async function lookAtPorts(settings: Settings, runs: boolean): Promise<Finding[]> {
  const { host, webPort, sipPort, sipsPort, rtpPorts } = settings
  const doors: [string, number, typeof tcpPortState, string][] = [
    ['web', webPort, tcpPortState, 'HEARTHLINE_PORT'],
  ]
  if (settings.ariUrl === null) {
    doors.push(['SIP over UDP', sipPort, udpPortState, 'HEARTHLINE_SIP_PORT'])
    doors.push(['SIP over TCP', sipPort, tcpPortState, 'HEARTHLINE_SIP_PORT'])
    if (settings.tls) doors.push(['SIP over TLS', sipsPort, tcpPortState, 'HEARTHLINE_SIPS_PORT'])
    for (const port of [rtpPorts.first, rtpPorts.last])
      doors.push(['sound (RTP)', port, udpPortState, 'HEARTHLINE_RTP_PORTS'])
  }
  const found: Finding[] = []
  for (const [what, port, probe, name] of doors)
    found.push(judge(what, port, await probe(port, host), name, runs))
  return found
}

function judge(what: string, port: number, state: string, name: string, runs: boolean): Finding {
  if (state === 'free' && runs && !what.startsWith('sound'))
    return warn(
      `${what}: Hearthline runs, but ${port} is not open: see log/ in the data folder.`,
      `暖线在运行,但端口 ${port} 未打开:请查看日志。`,
    )
  if (state === 'free') return ok(`${what}: ${port} is free.`, `端口 ${port} 空闲。`)
  if (state === 'taken' && runs) return ok(`${what}: ${port} is open.`, `端口 ${port} 已打开。`)
  if (state === 'taken' && what.startsWith('sound'))
    return warn(
      `${what}: ${port} is used by another program: set ${name} to a range of its own.`,
      `端口 ${port} 被其他程序占用:请用 ${name} 指定独占的范围。`,
    )
  if (state === 'taken')
    return fail(
      `${what}: ${port} is used by another program: stop it or set ${name}.`,
      `端口 ${port} 被其他程序占用:请停止它或设置 ${name}。`,
    )
  return fail(
    `${what}: this user may not open ${port}: set ${name} above 1023.`,
    `无权打开端口 ${port}:请用 ${name} 指定大于 1023 的端口。`,
  )
}

type Certificate = { cert: string; key: string }

/** The certificate in use: the operator's, or the one of `--self-signed` where it was made. */
function certificateOf(settings: Settings): Certificate | null {
  if (settings.tls) return settings.tls
  const made = { cert: join(settings.data, 'tls', 'cert.pem'), key: join(settings.data, 'tls', 'key.pem') }
  return existsSync(made.cert) && existsSync(made.key) ? made : null
}

export function lookAtCertificate(settings: Settings): Finding {
  const { ok, warn, fail } = about('certificate')
  const files = certificateOf(settings)
  if (!files) return ok('None is set; the web is served without HTTPS.', '未设置证书,网页以 HTTP 提供。')
  let left: number
  let selfSigned: boolean
  try {
    const certificate = new X509Certificate(readFileSync(files.cert))
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(files.key))))
      return fail(
        'The key does not belong to the certificate: set the pair that was issued together.',
        '密钥与证书不匹配。',
      )
    left = Math.floor((Date.parse(certificate.validTo) - Date.now()) / day)
    selfSigned = certificate.subject === certificate.issuer
    if (Date.parse(certificate.validFrom) > Date.now())
      return fail('It is not valid yet: is the clock right?', '证书尚未生效:请检查时钟。')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not a certificate'
    return fail(`HEARTHLINE_TLS_CERT or _KEY cannot be read (${code}).`, '无法读取证书或密钥文件。')
  }
  if (left < 0) return fail(`It ended ${-left} days ago: renew it.`, `证书已过期 ${-left} 天:请更新。`)
  if (left < 30) return warn(`It ends in ${left} days: renew it.`, `证书将在 ${left} 天后到期:请更新。`)
  const trust = selfSigned ? ' It is self-signed: trust it once on each desk.' : ''
  return ok(
    `Valid for ${left} more days.${trust}`,
    `证书还有 ${left} 天有效期。${selfSigned ? '自签名,请在每台电脑上信任一次。' : ''}`,
  )
}

/** Browsers give the microphone on https and on localhost only (W3C Secure Contexts). */
export function lookAtMicrophone(settings: Settings): Finding {
  const { ok, warn } = about('microphone')
  if (certificateOf(settings))
    return ok('HTTPS: browsers will give seats their microphone.', '使用 HTTPS,浏览器可使用麦克风。')
  if (['127.0.0.1', 'localhost', '::1'].includes(settings.host))
    return ok(
      'On this machine only (localhost): browsers will give the microphone.',
      '仅限本机访问,浏览器可使用麦克风。',
    )
  return warn(
    'Without HTTPS browsers on other machines refuse the microphone: set HEARTHLINE_TLS_CERT and _KEY, start with --self-signed, or put an HTTPS proxy in front.',
    '没有 HTTPS 时,其他电脑的浏览器不能使用麦克风:请设置证书、使用 --self-signed 启动,或在前面加 HTTPS 代理。',
  )
}
