/** What a caller decided about recording; null is "not asked yet". */
export const consents = ['given', 'refused', 'silent', 'withdrawn'] as const

/** One of the decisions. */
export type Consent = (typeof consents)[number]

/** G24-7.5a: sound may be stored only while consent stands as given. */
export const mayRecord = (consent: Consent | null): boolean => consent === 'given'

/** Consent after a key: 1 agrees, 2 refuses, and 2 after having agreed takes it back before anything was stored. */
export function consentByKey(consent: Consent | null, digit: string): Consent | null {
  if (digit === '2') return 'refused'
  return digit === '1' && consent === null ? 'given' : consent
}

/** Consent when nothing was said: silence counts as not recorded, never as a worse service. */
export const consentBySilence = (consent: Consent | null): Consent => consent ?? 'silent'

/** Consent after the caller asked to stop: only what was given can be withdrawn. */
export const consentWithdrawn = (consent: Consent | null): Consent | null =>
  consent === 'given' ? 'withdrawn' : consent

/** What a caller is asked about, each by itself (PIPL 14, 23, 29). */
export const purposes = [
  'service',
  'recording',
  'screening',
  'follow-up',
  'referral',
  'disclosure',
  'research',
] as const

/** One of the purposes. */
export type Purpose = (typeof purposes)[number]

/** What somebody decided about a purpose. */
export const consentStates = ['given', 'refused', 'withdrawn'] as const

/** One of the decisions of {@link consentStates}. */
export type ConsentState = (typeof consentStates)[number]

/** How a decision reached us. */
export const consentWays = ['key', 'silence', 'spoken', 'written', 'code', 'custodian'] as const

/** One of the ways. */
export type ConsentWay = (typeof consentWays)[number]

/** One entry of the record of consent. */
export interface ConsentEntry {
  purpose: Purpose
  state: ConsentState
}

/** What stands for a purpose: the latest entry; null when nobody asked. `entries` are oldest first. */
export const standingConsent = (entries: readonly ConsentEntry[], purpose: Purpose): ConsentState | null =>
  entries.findLast((entry) => entry.purpose === purpose)?.state ?? null

/** What is written when somebody says no: only what was given can be withdrawn, all else is refused. */
export const whenDeclined = (standing: ConsentState | null): 'refused' | 'withdrawn' =>
  standing === 'given' || standing === 'withdrawn' ? 'withdrawn' : 'refused'

/**
 * Whether something may be done for a purpose. The service itself asks nobody's leave: whoever calls is helped, under 14 and
 * without a guardian too (PIPL 13(4), 31; 未保法 72), and whoever refuses anything is helped just the same (PIPL 16).
 */
export const mayUse = (purpose: Purpose, standing: ConsentState | null): boolean =>
  purpose === 'service' || standing === 'given'

/** What a decision about recording in a call is in the record: silence is no consent, and is written as such. */
export function recordingEntry(
  consent: Consent | null,
  by: 'caller' | 'counsellor' | 'nobody',
): { state: ConsentState; how: 'key' | 'silence' | 'spoken' } | null {
  if (consent === null) return null
  if (consent === 'silent') return { state: 'refused', how: 'silence' }
  return { state: consent, how: by === 'counsellor' ? 'spoken' : 'key' }
}

/** The sentence read out before each question, in versions: an entry names the one it was said to (`screening@1`). */
export const consentSentences: Readonly<Record<Purpose, { version: number; zh: string; en: string }>> = {
  service: {
    version: 1,
    zh: '我们会记下谈话要点，除危及生命安全等法律规定的情形外予以保密。您愿意这样谈吗？',
    en: 'We note the main points and keep them confidential, except where life is in danger or the law requires otherwise. Shall we talk on these terms?',
  },
  recording: {
    version: 1,
    zh: '为了提高服务质量，我们希望录音。不同意也会得到同样的帮助。您同意吗？',
    en: 'To improve our service we would like to record. You will be helped just the same if not. Do you agree?',
  },
  screening: {
    version: 1,
    zh: '我想请您回答几个量表的问题，结果只作筛查提示，不是诊断。您愿意吗？',
    en: 'I would like to ask some questions from a scale. The result is a hint, not a diagnosis. Is that all right?',
  },
  'follow-up': {
    version: 1,
    zh: '过几天我们想再打电话问问您的情况。您愿意我们回访吗？',
    en: 'We would like to call you again in some days to hear how you are. May we?',
  },
  referral: {
    version: 1,
    zh: '为了转介，我们需要把必要的情况告诉对方机构。您同意吗？',
    en: 'To refer you we need to tell the other place what is necessary. Do you agree?',
  },
  disclosure: {
    version: 1,
    zh: '对方请我们提供与您有关的资料。我们只提供您同意的部分。您同意吗？',
    en: 'Somebody asks us for information about you. We give only what you agree to. Do you agree?',
  },
  research: {
    version: 1,
    zh: '我们希望把去掉身份的资料用于研究和培训。不同意没有任何影响。您同意吗？',
    en: 'We would like to use the record, without who you are, for research and training. Saying no changes nothing. Do you agree?',
  },
}

/** The words an entry about this purpose was said to when a counsellor asked. */
export const sentenceOf = (purpose: Purpose): string => `${purpose}@${consentSentences[purpose].version}`
