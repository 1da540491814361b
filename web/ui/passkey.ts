/** Passkeys in the browser: whether they work here, made and used. */
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from '@simplewebauthn/browser'
import { beginPasskey } from '../../api/account.ts'
import { challengePasskey, type Proof } from '../../api/session.ts'
import { request } from './request.ts'

type PasskeyProof = Extract<Proof, { kind: 'passkey' }>
type Creation = Parameters<typeof startRegistration>[0]['optionsJSON']
type Asking = Parameters<typeof startAuthentication>[0]['optionsJSON']

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':')

/** Whether passkeys work on this page: they need HTTPS (or localhost) and a host name that is no bare address. */
export const passkeysWork = (): boolean => browserSupportsWebAuthn() && !isAddress(location.hostname)

/** Makes a passkey with the browser; throws what the browser throws when the person turns away. */
export async function makePasskey(): Promise<PasskeyProof['answer']> {
  const { options } = await request(beginPasskey, {})
  const answer = await startRegistration({ optionsJSON: options as unknown as Creation })
  return answer as unknown as PasskeyProof['answer']
}

/** Shows one of the person's passkeys. */
export async function showPasskey(): Promise<PasskeyProof> {
  const { options } = await request(challengePasskey, {})
  const answer = await startAuthentication({ optionsJSON: options as unknown as Asking })
  return { kind: 'passkey', answer: answer as unknown as PasskeyProof['answer'] }
}
