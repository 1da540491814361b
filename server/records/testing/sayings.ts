/* A hotline in which people have typed something wherever anything can be typed, and everywhere it is read again. */
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { sql } from 'kysely'
import { expect } from 'vitest'
import { addAlert, answerCaller, readCaller, reviewAlert } from '../../../api/callers.ts'
import { enterContact, readContact, readForm } from '../../../api/contacts.ts'
import {
  acknowledgeReport,
  askLowering,
  listReports,
  openProtocol,
  readCrisis,
  recordException,
  saveStep,
} from '../../../api/crisis.ts'
import {
  addReceiver,
  askDisclosure,
  decideDisclosure,
  readDisclosure,
  withdrawDisclosure,
} from '../../../api/disclosure.ts'
import type { Endpoint, Input } from '../../../api/endpoint.ts'
import {
  addEntry,
  closeIncident,
  decideCluster,
  listClusters,
  listEntries,
  openIncident,
  readIncident,
  reopenIncident,
} from '../../../api/incidents.ts'
import { breakGlass, listGlass, readAccess, reviewGlass } from '../../../api/oversight.ts'
import {
  addRegisterStep,
  closeRegisterEntry,
  openRegisterEntry,
  readRegisterEntry,
} from '../../../api/registers.ts'
import {
  answerDisposal,
  decideKeeping,
  listDisposals,
  proposeDisposal,
  readKept,
} from '../../../api/retention.ts'
import { giveHint, listHints } from '../../../api/supervise.ts'
import { finishTask, listTasks, planFollowUp, readTask, recordAttempt, takeTask } from '../../../api/tasks.ts'
import type { Role } from '../../../domain/permission.ts'
import { wholeResponse } from '../../../test/answers.ts'
import type { Answer, TestApp } from '../../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../../test/database.ts'
import { newId } from '../../db/id.ts'
import { inHotline } from '../../db/database.ts'
import { heard } from '../../crisis/crisis.ts'

const phone = '13912347654'
const dayMs = 86_400_000

/** The hotline, what was said in it, and how it is read. */
export interface Sayings {
  hotlineId: string
  /** Every saying, by where it was typed. */
  said: ReadonlyMap<string, string>
  /** All that those see who may see it. */
  readAll: () => Promise<string>
  as: <E extends Endpoint>(role: Role, endpoint: E, given?: Partial<Input<E>>) => Promise<Answer>
}

type Say = (where: string) => string
type As = Sayings['as']
type Read = () => Promise<Answer>

/** Types `marker` and where it stands into every field of words that people have. */
export async function sayEverything(app: TestApp, marker: string): Promise<Sayings> {
  const { db, ask, cookieOf, clock } = app
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const people = new Map<string, { personId: string; cookie: string }>()
  for (const role of [
    'counsellor',
    'supervisor',
    'administrator',
    'custodian',
    'security',
    'auditor',
  ] as const) {
    const { personId } = await aPerson(db, hotlineId, { roles: [role], lines: [lineId] })
    people.set(role, { personId, cookie: await cookieOf(hotlineId, personId) })
  }
  const as: As = async (role, endpoint, given = {}) => {
    const answer = await ask(endpoint, { ...given, cookie: people.get(role)?.cookie ?? '' })
    expect(answer, `${endpoint.method} ${endpoint.path}`).toMatchObject({ status: 200 })
    return answer
  }
  const said = new Map<string, string>()
  const say: Say = (where) => {
    const words = `${marker} ${String(said.size).padStart(2, '0')}`
    said.set(where, words)
    return words
  }
  const counsellorId = people.get('counsellor')?.personId ?? ''
  const contact = async (state: string, daysAgo = 0): Promise<{ contactId: string; number: number }> => {
    const contactId = newId()
    const at = new Date(clock.now.getTime() - daysAgo * dayMs)
    const numbers = app.keys.numbersOf(hotlineId)
    const number = await inHotline(db, hotlineId, async (tx) => {
      const { rows } = await sql<{
        number: number
      }>`select create_contact(${contactId}, ${lineId}, 'phone', ${state}, ${at},
        null, ${numbers.seal(phone)}, ${numbers.key(phone)}, null, true, null, null, null, '{}') as number`.execute(
        tx,
      )
      await sql`update contact set person_id = ${state === 'closed' ? null : counsellorId}, answered_at = ${at},
        ended_at = ${state === 'closed' ? at : null} where contact_id = ${contactId}`.execute(tx)
      return rows[0]?.number ?? 0
    })
    return { contactId, number }
  }
  const old = await contact('closed', 1)
  const call = await contact('talking')
  const high = { source: 'criteria', level: 'high', code: 'danger.within-72h' } as const
  await inHotline(db, hotlineId, (tx) =>
    heard(tx, {
      hotlineId,
      contactId: call.contactId,
      personId: counsellorId,
      now: clock.now,
      findings: [high],
    }),
  )
  const readers: Read[] = [
    ...(await sayOfContact(as, say, lineId, clock.now)),
    ...(await sayInDanger(as, say, call.contactId)),
    ...(await sayInTasks(as, say, call.contactId, clock.now)),
    ...(await sayOfCaller(as, say, call.contactId, old.contactId, clock.now)),
    ...(await sayOfIncidents(as, say, call.number)),
    ...(await sayOfCluster(app, as, say, hotlineId)),
    ...(await sayInOversight(as, say, old)),
    ...(await sayOfKeeping(as, say, old.contactId, (await contact('closed', 2000)).contactId)),
    ...(await sayOfDisclosure(as, say, old.number)),
  ]
  const readAll = async (): Promise<string> => {
    const answers: Answer[] = []
    for (const read of readers) answers.push(await read())
    return JSON.stringify(answers.map(({ body }) => body))
  }
  return { hotlineId, said, readAll, as }
}

async function sayOfContact(as: As, say: Say, lineId: string, now: Date): Promise<Read[]> {
  const response = wholeResponse({ notes: say('notes'), risk: 'moderate', riskReason: say('risk reason') })
  const startedAt = new Date(now.getTime() - 3_600_000).toISOString()
  const body = { lineId, startedAt, endedAt: now.toISOString(), response, callerNumber: phone }
  const entered = await as('counsellor', enterContact, { body })
  const params = { contactId: String(entered.body['contactId']) }
  return [
    () => as('supervisor', readCrisis, { params }),
    () => as('supervisor', readForm, { params }),
    () => as('supervisor', readContact, { params }),
  ]
}

async function sayInDanger(as: As, say: Say, contactId: string): Promise<Read[]> {
  const params = { contactId }
  await as('supervisor', giveHint, { params, body: { words: say('hint') } })
  const opened = await as('counsellor', openProtocol, { params, body: {} })
  const [run] = opened.body['runs'] as {
    runId: string
    steps: { step: string; who: string; revision: number; items: { id: string; kind: string }[] }[]
  }[]
  const step = run?.steps.find(
    (one) => one.who !== 'supervisor' && one.items.some(({ kind }) => kind === 'text'),
  )
  const other = run?.steps.find((one) => one.who !== 'supervisor' && one !== step)
  const item = step?.items.find(({ kind }) => kind === 'text')
  if (!run || !step || !other || !item) throw new Error('the protocol asks for no words')
  const { runId } = run
  await as('counsellor', saveStep, {
    params: { runId, step: step.step },
    body: { record: { [item.id]: say('step') }, revision: step.revision, done: false },
  })
  await as('counsellor', saveStep, {
    params: { runId, step: other.step },
    body: { record: {}, revision: other.revision, done: false, skipped: say('step skipped') },
  })
  const { body } = await as('supervisor', listReports, { query: {} })
  const reports = body['rows'] as { reportId: string; mine: boolean }[]
  const reportId = reports.find(({ mine }) => mine)?.reportId ?? ''
  await as('supervisor', acknowledgeReport, { params: { reportId }, body: { note: say('report note') } })
  await as('counsellor', askLowering, { params, body: { to: 'low', reason: say('lowering') } })
  await as('counsellor', recordException, {
    params,
    body: {
      code: 'danger-to-self',
      basis: say('exception basis'),
      recipient: say('exception recipient'),
      data: ['phone'],
      words: say('exception'),
      callerTold: false,
      notToldBecause: say('exception not told'),
    },
  })
  return [() => as('supervisor', readCrisis, { params }), () => as('counsellor', listHints, { params })]
}

async function sayInTasks(as: As, say: Say, contactId: string, now: Date): Promise<Read[]> {
  const dueAt = new Date(now.getTime() + dayMs).toISOString()
  await as('counsellor', planFollowUp, {
    params: { contactId },
    body: { plan: 'once', dueAt, words: say('task') },
  })
  const { body } = await as('counsellor', listTasks, { query: { contactId } })
  const [task] = body['rows'] as { taskId: string }[]
  const params = { taskId: task?.taskId ?? '' }
  await as('counsellor', takeTask, { params })
  await as('counsellor', recordAttempt, { params, body: { outcome: 'reached', words: say('attempt') } })
  await as('counsellor', finishTask, { params, body: { result: 'reached', words: say('task result') } })
  return [() => as('counsellor', readTask, { params })]
}

async function sayOfCaller(as: As, say: Say, contactId: string, earlier: string, now: Date): Promise<Read[]> {
  const answered = await as('counsellor', answerCaller, {
    params: { contactId },
    body: { answer: 'same', contactIds: [earlier] },
  })
  const { profileId } = answered.body['profile'] as { profileId: string }
  const times = {
    reviewAt: new Date(now.getTime() + 10 * dayMs).toISOString(),
    expiresAt: new Date(now.getTime() + 20 * dayMs).toISOString(),
  }
  const fields = (alert: string) => ({
    ...times,
    kind: 'agreed-plan' as const,
    words: say(`${alert} words`),
    reason: say(`${alert} reason`),
    times: say(`${alert} times`),
  })
  const where = { profileId }
  await as('supervisor', addAlert, { params: where, body: fields('alert') })
  const plain = { ...times, kind: 'note' as const, words: '-', reason: '-' }
  const added = await as('supervisor', addAlert, { params: where, body: plain })
  const params = { alertId: String(added.body['alertId']) }
  await as('supervisor', reviewAlert, { params, body: fields('reviewed alert') })
  return [() => as('supervisor', readCaller, { params: { profileId } })]
}

async function sayOfIncidents(as: As, say: Say, contactNumber: number): Promise<Read[]> {
  const opened = await as('supervisor', openIncident, {
    body: { kind: 'person', title: say('incident title'), words: say('incident') },
  })
  const params = { incidentId: String(opened.body['incidentId']) }
  for (const body of [
    { kind: 'note', words: say('note') },
    { kind: 'told', words: say('told'), to: say('told to') },
    { kind: 'contact', contactNumber, words: say('contact') },
    { kind: 'correction', corrects: 2, words: say('correction') },
  ] as const)
    await as('supervisor', addEntry, { params, body })
  await as('supervisor', closeIncident, { params, body: { words: say('closed') } })
  await as('supervisor', reopenIncident, { params, body: { words: say('reopened') } })
  return [
    () => as('supervisor', readIncident, { params }),
    () => as('supervisor', listEntries, { params, query: {} }),
  ]
}

async function sayOfCluster({ owner }: TestApp, as: As, say: Say, hotlineId: string): Promise<Read[]> {
  const clusterId = newId()
  await owner(
    `insert into cluster (cluster_id, hotline_id, area, topic, week, count, expected, contact_ids, proposed_at)
     values ($1, $2, '110000', 'sleep', '2026-11-16', 9, 2, '{}', now())`,
    [clusterId, hotlineId],
  )
  const body = { decision: 'not-one' as const, reason: say('cluster') }
  await as('supervisor', decideCluster, { params: { clusterId }, body })
  return [() => as('supervisor', listClusters, { query: { open: 'no' } })]
}

async function sayInOversight(
  as: As,
  say: Say,
  contact: { contactId: string; number: number },
): Promise<Read[]> {
  const { number: contactNumber } = contact
  const broken = await as('counsellor', breakGlass, { body: { contactNumber, reason: say('glass') } })
  const glass = { breakGlassId: String(broken.body['breakGlassId']) }
  const verdict = { finding: 'justified' as const, words: say('glass review') }
  await as('supervisor', reviewGlass, { params: glass, body: verdict })
  const request = { kind: 'request', request: 'access', contactNumber } as const
  const opened = await as('custodian', openRegisterEntry, {
    body: { ...request, title: say('register title'), words: say('register') },
  })
  const params = { entryId: String(opened.body['entryId']) }
  for (const kind of ['identity-checked', 'granted'] as const)
    await as('custodian', addRegisterStep, { params, body: { kind, words: say(`register ${kind}`) } })
  await as('custodian', closeRegisterEntry, { params, body: { words: say('register closed') } })
  return [
    () => as('supervisor', listGlass, { query: { open: 'no' } }),
    () => as('auditor', readAccess, { params: { contactNumber } }),
    () => as('custodian', readRegisterEntry, { params }),
  ]
}

async function sayOfKeeping(as: As, say: Say, contactId: string, dueId: string): Promise<Read[]> {
  const params = { contactId }
  for (const kind of ['hold', 'hold-ended', 'medical-record'] as const)
    await as('custodian', decideKeeping, { params, body: { kind, reason: say(kind) } })
  const proposed = await as('custodian', proposeDisposal, { body: { contactIds: [dueId] } })
  await as('administrator', answerDisposal, {
    params: { disposalId: String(proposed.body['disposalId']) },
    body: { granted: false, reason: say('disposal') },
  })
  return [() => as('custodian', readKept, { params }), () => as('custodian', listDisposals, { query: {} })]
}

async function sayOfDisclosure(as: As, say: Say, contactNumber: number): Promise<Read[]> {
  const recipient = await identityToRecipient(await generateX25519Identity())
  const receiver = await as('custodian', addReceiver, {
    body: { name: '市精神卫生中心', recipient, checked: '电话核对' },
  })
  const asked = await as('custodian', askDisclosure, {
    body: {
      receiverId: String(receiver.body['receiverId']),
      purpose: 'formal-request',
      basis: 'formal-document',
      document: say('disclosure document'),
      contactNumbers: [contactNumber],
      facts: ['times'],
      questions: [],
      sound: false,
      words: say('disclosure'),
    },
  })
  const params = { disclosureId: String(asked.body['disclosureId']) }
  const approval = { decision: 'approve' as const, words: say('disclosure approved') }
  await as('supervisor', decideDisclosure, { params, body: approval })
  await as('custodian', withdrawDisclosure, { params, body: { words: say('disclosure withdrawn') } })
  return [() => as('custodian', readDisclosure, { params })]
}
