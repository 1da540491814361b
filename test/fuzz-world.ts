/* A hotline in which one of everything stands open, and the words a sender would know: what the fuzzer of routes reaches. */
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { sql } from 'kysely'
import { makeLink } from '../api/assessment.ts'
import { addAlert, answerCaller } from '../api/callers.ts'
import { askLowering, openProtocol, recordException } from '../api/crisis.ts'
import { addReceiver, askDisclosure, decideDisclosure, makePackage } from '../api/disclosure.ts'
import type { Endpoint, Input } from '../api/endpoint.ts'
import { breakGlass } from '../api/oversight.ts'
import { addRegisterStep, openRegisterEntry } from '../api/registers.ts'
import { proposeDisposal } from '../api/retention.ts'
import { planFollowUp, listTasks } from '../api/tasks.ts'
import type { Role } from '../domain/permission.ts'
import { heard } from '../server/crisis/crisis.ts'
import { inHotline } from '../server/db/database.ts'
import { newId } from '../server/db/id.ts'
import { csvOf } from '../server/http/table-file.ts'
import { baseForm, wholeResponse } from './answers.ts'
import type { Answer, TestApp } from './app.ts'
import { aPerson, passphrase } from './database.ts'

const dayMs = 86_400_000
const phone = '13700001234'

/** What the fuzzer knows of the hotline. */
export interface World {
  /** Who the requests of a role are sent by. */
  people: ReadonlyMap<Role, string>
  /** Somebody by whom nothing is sent: whose passphrase stays everybody's. */
  untouched: string
  /** Words of fields that cannot be guessed, by the field's name. */
  hints: ReadonlyMap<string, readonly unknown[]>
}

type As = <E extends Endpoint>(who: string, endpoint: E, given?: Partial<Input<E>>) => Promise<Answer>

/** Builds it inside a furnished hotline. Throws where something could not be made. */
export async function aWorld(app: TestApp, hotlineId: string, roles: readonly Role[]): Promise<World> {
  const people = new Map<Role, string>()
  const cookies = new Map<string, string>()
  const { rows: lines } = await inHotline(app.db, hotlineId, (tx) =>
    sql<{ line_id: string }>`select line_id from line order by number`.execute(tx),
  )
  const lineIds = lines.map((line) => line.line_id)
  for (const role of roles)
    for (const which of ['', 'second ']) {
      const { personId } = await aPerson(app.db, hotlineId, { roles: [role], lines: lineIds })
      cookies.set(`${which}${role}`, await app.cookieOf(hotlineId, personId))
      if (which === '') people.set(role, personId)
    }
  const as: As = async (who, endpoint, given = {}) => {
    const answer = await app.ask(endpoint, { ...given, cookie: cookies.get(who) ?? '' })
    if (answer.status !== 200)
      throw new Error(`${who} ${endpoint.method} ${endpoint.path}: ${JSON.stringify(answer.body)}`)
    return answer
  }
  const owner = people.get('counsellor') ?? ''
  const contact = (state: string, daysAgo: number) =>
    aContact(app, hotlineId, { lineId: lineIds[0] ?? '', owner, state, daysAgo })
  const ended = [await contact('closed', 1), await contact('closed', 2)]
  const talks = [await contact('talking', 0), await contact('talking', 0), await contact('talking', 0)]
  const steps: string[] = []
  for (const talk of talks) steps.push(...(await inDanger(app, as, hotlineId, owner, talk.contactId)))
  await planned(app, as, talks)
  await known(as, talks, ended, app.clock.now)
  await watched(as, ended)
  for (let n = 0; n < 2; n += 1)
    await as('second custodian', proposeDisposal, {
      body: { contactIds: [(await contact('closed', 2000)).contactId] },
    })
  await disclosed(
    as,
    ended.map(({ number }) => number),
  )
  await app.owner(
    `insert into cluster (cluster_id, hotline_id, area, topic, week, count, expected, contact_ids, proposed_at)
     select gen_random_uuid(), $1, '110000', topic, '2026-11-16', 9, 2, '{}', now() from unnest(array['sleep', 'family']) topic`,
    [hotlineId],
  )
  const tokens = await links(as, talks)
  const { personId: untouched } = await aPerson(app.db, hotlineId)
  return { people, untouched, hints: await hintsOf(app, { tokens, steps, contacts: [...talks, ...ended] }) }
}

interface Made {
  contactId: string
  number: number
}

async function aContact(
  app: TestApp,
  hotlineId: string,
  given: { lineId: string; owner: string; state: string; daysAgo: number },
): Promise<Made> {
  const contactId = newId()
  const at = new Date(app.clock.now.getTime() - given.daysAgo * dayMs)
  const numbers = app.keys.numbersOf(hotlineId)
  const number = await inHotline(app.db, hotlineId, async (tx) => {
    const { rows } = await sql<{
      number: number
    }>`select create_contact(${contactId}, ${given.lineId}, 'phone',
      ${given.state}, ${at}, null, ${numbers.seal(phone)}, ${numbers.key(phone)}, null, true, null, null, null, '{}') as number`.execute(
      tx,
    )
    await sql`update contact set person_id = ${given.state === 'closed' ? null : given.owner}, answered_at = ${at},
      ended_at = ${given.state === 'closed' ? at : null} where contact_id = ${contactId}`.execute(tx)
    return rows[0]?.number ?? 0
  })
  return { contactId, number }
}

/** A finding, its protocol and reports, a lowering and an exception that wait for somebody else; returns the steps. */
async function inDanger(
  app: TestApp,
  as: As,
  hotlineId: string,
  personId: string,
  contactId: string,
): Promise<string[]> {
  const findings = [{ source: 'criteria', level: 'high', code: 'danger.within-72h' } as const]
  await inHotline(app.db, hotlineId, (tx) =>
    heard(tx, { hotlineId, contactId, personId, now: app.clock.now, findings }),
  )
  const params = { contactId }
  const { body } = await as('counsellor', openProtocol, { params, body: {} })
  await as('counsellor', askLowering, { params, body: { to: 'low', reason: '已有家人陪伴' } })
  await as('counsellor', recordException, {
    params,
    body: {
      code: 'danger-to-self',
      basis: '危机',
      recipient: '家属',
      data: ['phone'],
      words: '告知家属',
      callerTold: true,
    },
  })
  return (body['runs'] as { steps: { step: string }[] }[]).flatMap(({ steps }) =>
    steps.map(({ step }) => step),
  )
}

async function planned(app: TestApp, as: As, contacts: readonly Made[]): Promise<void> {
  const dueAt = new Date(app.clock.now.getTime() + dayMs).toISOString()
  for (const { contactId } of contacts) {
    await as('counsellor', planFollowUp, {
      params: { contactId },
      body: { plan: 'once', dueAt, words: '回访' },
    })
    await as('counsellor', listTasks, { query: { contactId } })
  }
}

async function known(as: As, [talk]: readonly Made[], ended: readonly Made[], now: Date): Promise<void> {
  const contactIds = ended.slice(0, 1).map(({ contactId }) => contactId)
  const params = { contactId: talk?.contactId ?? '' }
  const { body } = await as('counsellor', answerCaller, { params, body: { answer: 'same', contactIds } })
  const { profileId } = body['profile'] as { profileId: string }
  const at = (days: number): string => new Date(now.getTime() + days * dayMs).toISOString()
  for (const words of ['慢慢说', '先问安全'])
    await as('supervisor', addAlert, {
      params: { profileId },
      body: { reviewAt: at(10), expiresAt: at(20), kind: 'note', words, reason: '督导意见' },
    })
}

async function watched(as: As, [first, second]: readonly Made[]): Promise<void> {
  for (const contact of [first, second])
    await as('second counsellor', breakGlass, {
      body: { contactNumber: contact?.number ?? 0, reason: '来电者又打来' },
    })
  for (let n = 0; n < 2; n += 1) {
    const { body } = await as('custodian', openRegisterEntry, {
      body: {
        kind: 'request',
        request: 'access',
        title: '查阅',
        words: '本人来函',
        contactNumber: first?.number ?? 0,
      },
    })
    for (const kind of ['identity-checked', 'granted'] as const)
      await as('custodian', addRegisterStep, {
        params: { entryId: String(body['entryId']) },
        body: { kind, words: '已核对' },
      })
  }
}

/** Disclosures in each of their states: asked by another, asked by oneself, approved, and packaged. */
async function disclosed(as: As, contactNumbers: number[]): Promise<void> {
  const recipient = await identityToRecipient(await generateX25519Identity())
  const made = await as('custodian', addReceiver, {
    body: { name: '市精神卫生中心', recipient, checked: '电话核对' },
  })
  const receiverId = String(made.body['receiverId'])
  const asked = async (who: string): Promise<string> => {
    const { body } = await as(who, askDisclosure, {
      body: {
        receiverId,
        purpose: 'formal-request',
        basis: 'formal-document',
        document: '公函 2026-1',
        contactNumbers,
        facts: ['times'],
        questions: [],
        sound: false,
        words: '依公函提供',
      },
    })
    return String(body['disclosureId'])
  }
  for (let n = 0; n < 4; n += 1) {
    await asked('second custodian')
    await asked('custodian')
    const ready = [await asked('custodian'), await asked('custodian')]
    for (const disclosureId of ready)
      await as('supervisor', decideDisclosure, {
        params: { disclosureId },
        body: { decision: 'approve', words: '同意' },
      })
    await as('custodian', makePackage, { params: { disclosureId: ready[0] ?? '' } })
  }
}

async function links(as: As, contacts: readonly Made[]): Promise<string[]> {
  const tokens: string[] = []
  for (const { contactId } of contacts) {
    const { body } = await as('counsellor', makeLink, {
      params: { contactId },
      body: { instrument: 'phq-9', language: 'zh-CN' },
    })
    tokens.push(String(body['path']).split('#')[1] ?? '')
  }
  return tokens
}

async function hintsOf(
  app: TestApp,
  given: { tokens: string[]; steps: string[]; contacts: readonly Made[] },
): Promise<Map<string, readonly unknown[]>> {
  const ago = (minutes: number): string => new Date(app.clock.now.getTime() - minutes * 60_000).toISOString()
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [String(at + 1), 0]))
  const recipient = await identityToRecipient(await generateX25519Identity())
  const people = await app.owner<{ name: string }>(
    `select name from person where passphrase_hash like '%m=64%'`,
  )
  return new Map<string, readonly unknown[]>([
    ['name', people.slice(0, 4).map((person) => person.name)],
    ['passphrase', [passphrase]],
    ['old', [passphrase]],
    ['fresh', ['three green lamps by the sea']],
    ['timeZone', ['Asia/Shanghai']],
    ['key', ['greeting', 'consent']],
    ['part', [0]],
    ['version', [1]],
    ['from', [1]],
    ['to', [1]],
    ['revision', [0, 1]],
    ['wavBase64', [silence().toString('base64')]],
    [
      'base64',
      [
        csvOf([
          ['机构', '电话'],
          ['示例医院', '020-1234'],
        ]).toString('base64'),
      ],
    ],
    ['instrument', ['phq-9', 'gad-7']],
    ['answers', [nine, { ...nine, 9: 1 }]],
    ['token', given.tokens],
    ['response', [wholeResponse()]],
    ['startedAt', [ago(60)]],
    ['answeredAt', [ago(59)]],
    ['endedAt', [ago(30)]],
    ['reviewAt', [ago(-14_400)]],
    ['expiresAt', [ago(-28_800)]],
    ['dueAt', [ago(-1440)]],
    ['verifyBy', ['2027-06-01']],
    ['recipient', [recipient]],
    ['contactNumber', given.contacts.map(({ number }) => number)],
    ['contactNumbers', given.contacts.slice(-2).map(({ number }) => [number])],
    ['needs', [['psychiatric-clinic'], []]],
    ['populations', [[]]],
    ['words', ['已处理,一切顺利']],
    ['step', given.steps],
    ['roles', [['counsellor']]],
    ['questionnaire', [baseForm]],
    ['language', ['zh-CN', 'en']],
    ['questions', [[]]],
    ['sound', [false]],
    ['document', ['公函 2026-2']],
  ])
}

/** Half a second of silence as a WAV file: 8 kHz, one channel, 16 bits. */
function silence(): Buffer {
  const file = Buffer.alloc(44 + 8000)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  for (const [at, value] of [
    [16, 16],
    [24, 8000],
    [28, 16_000],
    [40, 8000],
  ] as const)
    file.writeUInt32LE(value, at)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    file.writeUInt16LE(value, at)
  file.write('data', 36, 'latin1')
  return file
}
