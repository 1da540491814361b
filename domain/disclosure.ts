/**
 * Disclosure: what may leave the house, for which purpose and on which basis, and that two people agree (G24-6.2.2c,
 * G24-7.5c). What is not named here cannot be put into a package.
 */
import { mayRecord, type Consent } from './consent.ts'
import { Problem } from './problem.ts'
import { isIdentifying, type Answers, type Item } from './questionnaire.ts'

/** What something is told outside for; the most usual first. */
export const disclosurePurposes = [
  'continued-care',
  'save-life',
  'minor-protection',
  'formal-request',
  'own-copy',
  'evaluation',
] as const
/** What something is told outside for. */
export type DisclosurePurpose = (typeof disclosurePurposes)[number]

/** On what it may be told: the caller's own consent, or the article that allows it without (facts: PIPL, 精神卫生法, 未保法). */
export const disclosureBases = [
  'consent',
  'pipl-13-4',
  'mental-health-28',
  'minors-11',
  'domestic-violence-14',
  'formal-document',
  'pipl-45',
  'pipl-49',
] as const
/** On what it may be told. */
export type DisclosureBasis = (typeof disclosureBases)[number]

/** What a record says beside its form, each chosen by itself. */
export const disclosureFacts = [
  'times',
  'line',
  'channel',
  'outcome',
  'class',
  'risk',
  'counsellor',
  'callerNumber',
] as const
/** One thing a record says beside its form. */
export type DisclosureFact = (typeof disclosureFacts)[number]

interface Rule {
  bases: readonly DisclosureBasis[]
  /** Whether what can tell who somebody is may be among it. */
  identifying: boolean
  /** Bases on which recordings may be among it. */
  sound: readonly DisclosureBasis[]
}

const rules: Readonly<Record<DisclosurePurpose, Rule>> = {
  'continued-care': { bases: ['consent', 'pipl-13-4'], identifying: true, sound: ['consent'] },
  'save-life': {
    bases: ['pipl-13-4', 'mental-health-28', 'consent'],
    identifying: true,
    sound: ['pipl-13-4', 'consent'],
  },
  'minor-protection': {
    bases: ['minors-11', 'domestic-violence-14', 'pipl-13-4', 'consent'],
    identifying: true,
    sound: ['consent'],
  },
  'formal-request': { bases: ['formal-document'], identifying: true, sound: ['formal-document'] },
  'own-copy': { bases: ['pipl-45', 'pipl-49'], identifying: true, sound: ['pipl-45', 'pipl-49'] },
  evaluation: { bases: ['consent'], identifying: false, sound: [] },
}

/** The bases that carry a purpose, the most usual first. */
export const basesOf = (purpose: DisclosurePurpose): readonly DisclosureBasis[] => rules[purpose].bases

/** Under which name the caller's consent to a purpose is on record (server/retention keeps them). */
export const consentFor = (
  purpose: DisclosurePurpose,
): readonly ('referral' | 'disclosure' | 'research')[] => {
  if (purpose === 'evaluation') return ['research']
  return purpose === 'continued-care' ? ['referral', 'disclosure'] : ['disclosure']
}

/** Whether recordings may leave for this purpose on this basis. */
export const soundMayLeave = (purpose: DisclosurePurpose, basis: DisclosureBasis): boolean =>
  rules[purpose].sound.includes(basis)

/** Bases that stand on a paper: its number or what it is must be written down (ethics code 3.2: demand the document). */
export const needsDocument = (basis: DisclosureBasis): boolean =>
  basis === 'formal-document' || basis === 'pipl-49' || basis === 'pipl-45'

/** Facts that can tell who the caller is. */
const identifyingFacts: readonly DisclosureFact[] = ['callerNumber']

/** Whether a fact may leave for this purpose. */
export const factMayLeave = (purpose: DisclosurePurpose, fact: DisclosureFact): boolean =>
  rules[purpose].identifying || !identifyingFacts.includes(fact)

/** Whether the answer to a question may tell who somebody is: marked so, or free words, in which anything may stand. */
export const mayIdentify = (item: Item): boolean =>
  isIdentifying(item) || item.type === 'string' || item.type === 'text' || item.type === 'open-choice'

/** Whether the answer to a question may leave for this purpose. */
export const questionMayLeave = (purpose: DisclosurePurpose, item: Item): boolean =>
  rules[purpose].identifying || !mayIdentify(item)

/** What is asked to leave. */
export interface DisclosureWish {
  purpose: DisclosurePurpose
  basis: DisclosureBasis
  /** Number or description of the paper the basis stands on; empty when it stands on none. */
  document: string
  facts: readonly DisclosureFact[]
  /** Link ids of the questions whose answers are told. */
  questions: readonly string[]
  sound: boolean
}

/** What is known of a contact when its disclosure is judged. */
export interface DisclosedContact {
  number: number
  /** What the caller decided about recording. */
  recording: Consent | null
  /** Whether the caller's consent to this purpose stands; null where nobody has asked. */
  disclosure: 'given' | 'refused' | 'withdrawn' | null
}

/** Why a wish cannot be granted. */
export type DisclosureFault =
  | 'nothingChosen'
  | 'wrongBasis'
  | 'noDocument'
  | 'identifying'
  | 'soundNotForThis'
  | 'soundNotConsented'
  | 'noConsent'

/**
 * What stands against a wish; none when it may go to the second person. `items` are the chosen questions. Judged when it is
 * asked and again when the package is made, because a caller may have taken consent back in between.
 */
export function faultsOf(
  wish: DisclosureWish,
  items: readonly Item[],
  contacts: readonly DisclosedContact[],
): DisclosureFault[] {
  const { purpose, basis } = wish
  const allowedSound = soundMayLeave(purpose, basis)
  const tests: [DisclosureFault, boolean][] = [
    [
      'nothingChosen',
      contacts.length === 0 || (wish.facts.length === 0 && wish.questions.length === 0 && !wish.sound),
    ],
    ['wrongBasis', !basesOf(purpose).includes(basis)],
    ['noDocument', needsDocument(basis) && wish.document.trim() === ''],
    [
      'identifying',
      wish.facts.some((fact) => !factMayLeave(purpose, fact)) ||
        items.some((item) => !questionMayLeave(purpose, item)),
    ],
    ['soundNotForThis', wish.sound && !allowedSound],
    [
      'soundNotConsented',
      wish.sound && allowedSound && !contacts.some(({ recording }) => mayRecord(recording)),
    ],
    ['noConsent', basis === 'consent' && contacts.some(({ disclosure }) => disclosure !== 'given')],
  ]
  return tests.flatMap(([fault, holds]) => (holds ? [fault] : []))
}

/** Only the answers to the chosen questions. */
export const chosenAnswers = (answers: Answers, questions: readonly string[]): Answers =>
  Object.fromEntries(Object.entries(answers).filter(([linkId]) => questions.includes(linkId)))

/** Whether a contact's recordings are among what leaves: chosen, and the caller's consent to recording stands. */
export const soundOfLeaves = (wish: DisclosureWish, contact: Pick<DisclosedContact, 'recording'>): boolean =>
  wish.sound && soundMayLeave(wish.purpose, wish.basis) && mayRecord(contact.recording)

/** How far a disclosure is. */
export const disclosureStates = [
  'asked',
  'approved',
  'packaged',
  'handed-over',
  'received',
  'refused',
  'withdrawn',
] as const
/** How far a disclosure is. */
export type DisclosureState = (typeof disclosureStates)[number]

/** What somebody does with a disclosure. */
export type DisclosureStep = 'approve' | 'refuse' | 'withdraw' | 'package' | 'hand-over' | 'receive'

const moves: Readonly<Record<DisclosureState, Partial<Record<DisclosureStep, DisclosureState>>>> = {
  asked: { approve: 'approved', refuse: 'refused', withdraw: 'withdrawn' },
  approved: { package: 'packaged', withdraw: 'withdrawn' },
  packaged: { 'hand-over': 'handed-over', withdraw: 'withdrawn' },
  'handed-over': { receive: 'received' },
  refused: {},
  withdrawn: {},
  received: {},
}

/** The steps that can be done in a state. */
export const stepsFrom = (state: DisclosureState): readonly DisclosureStep[] =>
  Object.keys(moves[state]) as DisclosureStep[]

/**
 * The state after a step: `disclosure.wrongState` when it cannot be done now, `disclosure.needsAnother` when the asker
 * decides their own request: nobody does (G24-7.5c).
 */
export function afterStep(
  disclosure: { state: DisclosureState; askedBy: string },
  step: DisclosureStep,
  personId: string,
): DisclosureState {
  const next = moves[disclosure.state][step]
  if (next === undefined) throw new Problem('disclosure.wrongState', { state: disclosure.state })
  if ((step === 'approve' || step === 'refuse') && personId === disclosure.askedBy)
    throw new Problem('disclosure.needsAnother')
  return next
}
