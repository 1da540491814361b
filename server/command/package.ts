import { open, readFile } from 'node:fs/promises'
import { checkPackage, makeIdentity, PackageRefused } from '../disclosure/disclosure.ts'
import { CommandRefused } from './users.ts'

/**
 * Whether `verify` is asked about a package, which needs neither a database nor keys of this machine: its receiver runs it
 * where there is no hotline. launcher/command.ts tells them apart by the same words.
 */
export const isAboutPackage = ([first = '--']: readonly string[]): boolean =>
  first === '--make-identity' || !first.startsWith('--')

const refusals: Readonly<Record<PackageRefused['why'], string>> = {
  notThere: 'There is no such package. 没有这个资料包。',
  notOpened:
    'This identity does not open it: the package was made for another receiver, or its beginning was changed. 此密钥打不开资料包:它是给别的接收方的,或开头被改动。',
  changed: 'CHANGED: the package is not what the hotline made. Do not use it. 资料包已被改动,请勿使用。',
  otherSigner:
    'FOREIGN: the package is whole but was not signed with the key you gave. Do not use it. 资料包完整,但不是由您给出的签名密钥签署,请勿使用。',
}

/**
 * `verify PACKAGE --identity FILE [--signer KEY] [--out FOLDER]`: a receiver's own check of a package (G24-6.2.2c). Every
 * byte is checked; what is right gives the receipt to be told to the hotline, and with `--out` the entries.
 * `verify --make-identity FILE` makes the receiver's key and prints its public half.
 */
export async function verifyPackage(args: readonly string[]): Promise<void> {
  const fresh = valueOf(args, '--make-identity')
  if (fresh !== undefined) return printIdentity(fresh)
  const [path = ''] = args
  const identity = identityIn(await readGiven(valueOf(args, '--identity')))
  try {
    const into = valueOf(args, '--out')
    const { manifest, sha256, receipt } = await checkPackage(path, identity, {
      signer: valueOf(args, '--signer'),
      into,
    })
    const signer =
      valueOf(args, '--signer') === undefined
        ? '(compare it with what the hotline told you 请与热线告知的核对)'
        : '✓'
    console.log(`Whole. 完整。
Package 资料包      ${manifest.number} ${manifest.packageId}
From 来自           ${manifest.hotline}
For 接收方          ${manifest.receiver}
Purpose 目的        ${manifest.purpose} / ${manifest.basis}
Made 制作           ${manifest.madeAt}
Entries 文件        ${manifest.entries.length}
SHA-256             ${sha256}
Signed with 签名    ${manifest.signer} ${signer}
${into === undefined ? '' : `Written to 已写入    ${into}\n`}
Receipt, to be told to the hotline 回执,请告知热线:
${receipt}`)
  } catch (error) {
    if (error instanceof PackageRefused) throw new CommandRefused(refusals[error.why])
    throw error
  }
}

/** The word after an option. */
function valueOf(args: readonly string[], option: string): string | undefined {
  const place = args.indexOf(option)
  return place < 0 ? undefined : args[place + 1]
}

async function readGiven(file: string | undefined): Promise<string> {
  if (file === undefined)
    throw new CommandRefused(
      'Give the file of your key: verify PACKAGE --identity FILE. 请给出密钥文件:verify 资料包 --identity 密钥文件。',
    )
  return readFile(file, 'utf8').catch(() => {
    throw new CommandRefused(`${file} cannot be read. 无法读取 ${file}。`)
  })
}

/** The identity of an age key file, whose other lines are remarks. */
function identityIn(text: string): string {
  const found = /^AGE-SECRET-KEY-1[0-9A-Z]+$/m.exec(text.replaceAll('\r', ''))
  if (!found)
    throw new CommandRefused(
      'The file holds no key: it has a line that begins with AGE-SECRET-KEY-1. 文件中没有密钥(应有以 AGE-SECRET-KEY-1 开头的一行)。',
    )
  return found[0]
}

/** Writes a new identity where no file is yet, readable by its owner only, and prints what to give to the hotline. */
async function printIdentity(file: string): Promise<void> {
  const { identity, recipient } = await makeIdentity()
  const handle = await open(file, 'wx', 0o600).catch(() => {
    throw new CommandRefused(`${file} is there already or cannot be written. 文件 ${file} 已存在或无法写入。`)
  })
  await handle.writeFile(`# public key: ${recipient}\n${identity}\n`)
  await handle.close()
  console.log(`Your key is in ${file}: keep it and tell nobody. 密钥已写入 ${file},请妥善保管,勿告知他人。
Public key, to be given to the hotline 公钥,请交给热线:
${recipient}`)
}
