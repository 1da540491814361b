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
