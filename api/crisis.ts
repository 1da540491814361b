/** Risk with its reasons, protocols, reports, exceptions to confidentiality (G24-4.3.1b, 4.3.5, 7.3). */
import { z } from 'zod'
import { riskLevels } from '../domain/risk.ts'
import { contactStates, risks } from './desk.ts'
import { done, endpoint, id, instant, page } from './endpoint.ts'

const contactId = z.object({ contactId: id })
const level = z.enum(riskLevels)

/** One word on a contact's risk. `code` is a catalogued reason (`danger.within-72h`, `phq-9.9`), `reason` somebody's own words. */
export const riskEntry = z.object({
  at: instant,
  source: z.enum(['criteria', 'judgement', 'triage', 'scale', 'critical-item', 'lowering']),
  level,
  code: z.string(),
  reason: z.string(),
  person: z.string().nullable(),
  supervisor: z.string().nullable(),
  /** False when a later lowering took it out of account. */
  counts: z.boolean(),
})

/** A report to the administration group, or a supervisor's consultation: open until acknowledged. */
export const reportRow = z.object({
  reportId: id,
  contactId: id,
  contactNumber: z.number().int(),
  contactState: z.enum(contactStates),
  line: z.string(),
  counsellor: z.string().nullable(),
  kind: z.enum(['administration', 'consult']),
  reason: z.enum(['high-risk', 'danger-to-others', 'protocol', 'counsellor-asked']),
  level: z.enum(risks).nullable(),
  openedAt: instant,
  /** How often it escalated: 0 first one asked, 1 the next one too, 2 all of its group and the phones on call. */
  stage: z.number().int(),
  nextAt: instant.nullable(),
  asked: z.array(z.string()),
  acknowledgedAt: instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  note: z.string(),
  /** Whether the one who reads this may acknowledge it. */
  mine: z.boolean(),
})

/** One report. */
export type ReportRow = z.infer<typeof reportRow>

/** What is recorded at a step: kinds of answers a protocol's data may ask for. Words come with the data, in both languages. */
export const stepItem = z.object({
  id: z.string(),
  words: z.object({ 'zh-CN': z.string(), en: z.string() }),
  kind: z.enum(['text', 'choice', 'choices', 'yes-no', 'time', 'now']),
  options: z.array(z.object({ code: z.string(), words: z.object({ 'zh-CN': z.string(), en: z.string() }) })),
  required: z.boolean(),
})

/** A step of a running protocol. */
export const runStep = z.object({
  step: z.string(),
  words: z.object({ 'zh-CN': z.string(), en: z.string() }),
  /** What to do, or a prepared text to read aloud. */
  help: z.object({ 'zh-CN': z.string(), en: z.string() }),
  who: z.enum(['counsellor', 'supervisor', 'administrator']),
  must: z.boolean(),
  /** Null when it has no limit. */
  dueAt: instant.nullable(),
  items: z.array(stepItem),
  record: z.record(z.string(), z.union([z.string(), z.array(z.string()), z.boolean()])),
  revision: z.number().int(),
  doneAt: instant.nullable(),
  doneBy: z.string().nullable(),
  skipped: z.string().nullable(),
})

/** A protocol that runs, or ran, on a contact. */
export const protocolRun = z.object({
  runId: id,
  protocol: z.string(),
  version: z.number().int(),
  words: z.object({ 'zh-CN': z.string(), en: z.string() }),
  openedAt: instant,
  openedFrom: z.enum(['caller-key', 'form', 'instrument', 'button']),
  closedAt: instant.nullable(),
  steps: z.array(runStep),
})

/** A protocol that runs, or ran, on a contact. */
export type ProtocolRun = z.infer<typeof protocolRun>

/** Somebody was told something without the caller's consent: code, legal basis, recipient, least data, who, who saw it. */
export const exceptionRow = z.object({
  exceptionId: id,
  contactId: id,
  contactNumber: z.number().int(),
  at: instant,
  code: z.enum(['danger-to-self', 'danger-to-others', 'minor-abused', 'law']),
  basis: z.string(),
  recipient: z.string(),
  data: z.array(z.string()),
  words: z.string(),
  decidedBy: z.string(),
  supervisor: z.string().nullable(),
  supervisorSawAt: instant.nullable(),
  callerTold: z.boolean(),
  notToldBecause: z.string(),
})

/** Everything of a contact's danger on one reading: the side panel of the desk and the contact's page show it. */
export const crisis = z.object({
  level: level.nullable(),
  dangerKey: z.boolean(),
  dangerToOthers: z.boolean(),
  entries: z.array(riskEntry),
  /** A lowering asked for and not yet decided. */
  lowering: z
    .object({
      loweringId: id,
      to: level,
      reason: z.string(),
      askedBy: z.string(),
      askedAt: instant,
      mine: z.boolean(),
    })
    .nullable(),
  runs: z.array(protocolRun),
  reports: z.array(reportRow),
  exceptions: z.array(exceptionRow),
  /** What still keeps the contact open: `report`, `consult`, `protocol:<id>`. */
  owed: z.array(z.string()),
})

/** Everything of a contact's danger. */
export type Crisis = z.infer<typeof crisis>

/** A contact's danger, for whoever may see the contact. */
export const readCrisis = endpoint({
  method: 'GET',
  path: '/api/v1/contacts/:contactId/crisis',
  needs: 'contact.list',
  summary: 'Risk with its reasons, protocols, reports',
  params: contactId,
  reply: crisis,
})

/** The counsellor's button: opens a protocol (suicide when none is named) and asks for a supervisor. Again is success. */
export const openProtocol = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/protocols',
  needs: 'crisis.work',
  summary: 'Open a crisis protocol',
  params: contactId,
  body: z.strictObject({ protocol: z.string().max(40).optional() }),
  reply: crisis,
})

/** The protocols that can be opened, in the order in which they are offered; one with grades once for each (`suicide-72h`). */
export const listProtocols = endpoint({
  method: 'GET',
  path: '/api/v1/protocols',
  needs: 'crisis.work',
  summary: 'Crisis protocols',
  reply: z.array(
    z.object({ protocol: z.string(), words: z.object({ 'zh-CN': z.string(), en: z.string() }) }),
  ),
})

/**
 * Saves what was recorded at a step; `done` finishes it, `skipped` says why it cannot be done. `protocol.changedElsewhere`;
 * `contact.incomplete` with `missing` items before it is done; `protocol.stepOpen` for a step that may not be skipped.
 * Times are ISO 8601 or a clock time (`23:05`).
 */
export const saveStep = endpoint({
  method: 'PUT',
  path: '/api/v1/protocol-runs/:runId/steps/:step',
  needs: 'crisis.work',
  summary: 'Record a step of a protocol',
  params: z.object({ runId: id, step: z.string().max(40) }),
  body: z.strictObject({
    record: z.record(
      z.string().max(40),
      z.union([z.string().max(2000), z.array(z.string().max(40)).max(30), z.boolean()]),
    ),
    revision: z.number().int().min(0),
    done: z.boolean().default(false),
    skipped: z.string().trim().max(500).optional(),
  }),
  reply: crisis,
})

/** Ends a protocol; `protocol.stepOpen` names the steps that must still be done. */
export const closeProtocol = endpoint({
  method: 'POST',
  path: '/api/v1/protocol-runs/:runId/close',
  needs: 'crisis.work',
  summary: 'End a protocol',
  params: z.object({ runId: id }),
  reply: crisis,
})

/** Asks a supervisor to lower the level. */
export const askLowering = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/lowerings',
  needs: 'crisis.work',
  summary: 'Ask for a lower risk level',
  params: contactId,
  body: z.strictObject({
    to: z.enum(['none', 'low', 'moderate', 'high']),
    reason: z.string().trim().max(1000),
  }),
  reply: crisis,
})

/** A request to lower a level that waits for a supervisor. */
export const waitingLowering = z.object({
  loweringId: id,
  contactId: id,
  contactNumber: z.number().int(),
  line: z.string(),
  from: z.enum(risks).nullable(),
  to: level,
  reason: z.string(),
  askedBy: z.string(),
  askedAt: instant,
  /** Asked by the one who reads this, who cannot decide it. */
  mine: z.boolean(),
})

/** Requests to lower a level that wait, oldest first; all at once, because each is to be decided soon. */
export const listLowerings = endpoint({
  method: 'GET',
  path: '/api/v1/lowerings',
  needs: 'risk.lower',
  summary: 'Requests to lower a risk level that wait',
  reply: z.array(waitingLowering).max(200),
})

/** A supervisor's answer; `risk.needsAnother` to the person who asked. */
export const decideLowering = endpoint({
  method: 'POST',
  path: '/api/v1/lowerings/:loweringId',
  needs: 'risk.lower',
  summary: 'Grant or refuse a lower risk level',
  params: z.object({ loweringId: id }),
  body: z.strictObject({ granted: z.boolean() }),
  reply: crisis,
})

/** Records an exception to confidentiality. */
export const recordException = endpoint({
  method: 'POST',
  path: '/api/v1/contacts/:contactId/exceptions',
  needs: 'crisis.work',
  summary: 'Record an exception to confidentiality',
  params: contactId,
  body: z.strictObject({
    code: z.enum(['danger-to-self', 'danger-to-others', 'minor-abused', 'law']),
    basis: z.string().trim().min(1).max(200),
    recipient: z.string().trim().min(1).max(120),
    data: z
      .array(z.string().regex(/^[a-z][a-z-]{0,39}$/))
      .min(1)
      .max(20),
    words: z.string().max(1000).default(''),
    callerTold: z.boolean(),
    notToldBecause: z.string().max(300).default(''),
  }),
  reply: crisis,
})

/** A supervisor has seen an exception; not the one who decided it. */
export const seeException = endpoint({
  method: 'POST',
  path: '/api/v1/exceptions/:exceptionId/seen',
  needs: 'risk.lower',
  summary: 'See an exception to confidentiality',
  params: z.object({ exceptionId: id }),
  reply: done,
})

/** Exceptions, newest first. */
export const listExceptions = endpoint({
  method: 'GET',
  path: '/api/v1/exceptions',
  needs: 'exception.see',
  summary: 'Exceptions to confidentiality',
  query: z.strictObject({
    after: z.string().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    code: z.enum(['danger-to-self', 'danger-to-others', 'minor-abused', 'law']).optional(),
    unseen: z.enum(['yes']).optional(),
    text: z.string().trim().max(60).optional(),
  }),
  reply: page(exceptionRow),
})

/** Reports: open ones by the time they opened, or the acknowledged ones, latest first. */
export const listReports = endpoint({
  method: 'GET',
  path: '/api/v1/reports',
  needs: 'report.acknowledge',
  summary: 'Reports of high-risk contacts',
  query: z.strictObject({
    after: z.string().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    open: z.enum(['yes', 'no']).default('yes'),
    text: z.string().trim().max(40).optional(),
  }),
  reply: page(reportRow),
})

/**
 * Acknowledges a report: `report.notYours` for one's own contact or the other group's report, `report.alreadyAcknowledged`
 * when somebody else did.
 */
export const acknowledgeReport = endpoint({
  method: 'POST',
  path: '/api/v1/reports/:reportId/acknowledge',
  needs: 'report.acknowledge',
  summary: 'Acknowledge a report',
  params: z.object({ reportId: id }),
  body: z.strictObject({ note: z.string().trim().max(1000).default('') }),
  reply: reportRow,
})

/** How reports escalate and who is on call; durations in ms. */
export const escalation = z.strictObject({
  nextMs: z.number().int().min(10_000).max(3_600_000),
  allMs: z.number().int().min(20_000).max(7_200_000),
  /** Ring phones on call at the last stage, again every so often until somebody acknowledges. */
  ringAgainMs: z.number().int().min(30_000).max(3_600_000),
})

/** The escalation's settings with the people on call; phones are shown by their end only. */
export const readEscalation = endpoint({
  method: 'GET',
  path: '/api/v1/escalation',
  needs: 'report.acknowledge',
  summary: 'How reports escalate',
  reply: z.object({
    escalation,
    onCall: z.array(
      z.object({ personId: id, name: z.string(), onCall: z.boolean(), phone: z.string().nullable() }),
    ),
  }),
})

/** Changes how reports escalate. */
export const changeEscalation = endpoint({
  method: 'PUT',
  path: '/api/v1/escalation',
  needs: 'escalation.change',
  summary: 'Change how reports escalate',
  body: escalation,
  reply: done,
})

/** Puts a person on call, with the phone to ring; without `phone` the one known stays. */
export const changeOnCall = endpoint({
  method: 'PUT',
  path: '/api/v1/escalation/on-call/:personId',
  needs: 'escalation.change',
  summary: 'Put a person on call',
  params: z.object({ personId: id }),
  body: z.strictObject({
    onCall: z.boolean(),
    phone: z
      .string()
      .regex(/^[0-9+*#]{2,20}$/)
      .optional(),
  }),
  reply: done,
})
