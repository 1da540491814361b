/* The key a hotline signs with: Ed25519, sealed in the key folder beside its public half. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { KeysRefused, writeSecret } from './master.ts'

/** An Ed25519 public key's own 32 bytes: the end of its SPKI form (RFC 8410 §4). */
export const rawPublic = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32)

/** The signing key that lies sealed beside its public half; made when neither is there. Throws KeysRefused. */
export function signingKey(
  path: string,
  { seal, open }: { seal: (text: string) => Buffer; open: (sealed: Buffer) => string },
): KeyObject {
  const [secret, known] = [`${path}.sealed`, `${path}.pub`]
  if (existsSync(secret)) return createPrivateKey(open(Buffer.from(readFileSync(secret, 'utf8'), 'base64')))
  // What was signed with a lost key could no longer be told from a forgery.
  if (existsSync(known))
    throw new KeysRefused(
      `The key file ${secret} is missing: put it back from your backup. 缺少签名密钥文件,请从备份中恢复。`,
    )
  const { privateKey } = generateKeyPairSync('ed25519')
  writeSecret(secret, seal(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).toString('base64'))
  writeSecret(known, `${rawPublic(privateKey).toString('base64url')}\n`)
  return privateKey
}
