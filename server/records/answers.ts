/* Answers of contacts, sealed: what stands in the open column, in the sealed one, and in the index of words. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { splitAnswers, mergeAnswers, sealedAnswers } from '../../domain/answers-sealing.ts'
import { canonical } from '../../domain/form-comparison.ts'
import {
  questionnaireResponse,
  type Questionnaire,
  type QuestionnaireResponse,
} from '../../domain/questionnaire.ts'
import { lexemesOf, searchLexemes } from '../../domain/search.ts'
import type { Keys, Words } from './keys.ts'

/** Answers as stored: the coded ones readable, the identifying ones sealed; null in records older than sealing. */
export interface StoredAnswers {
  contact_id: string
  form: unknown
  answers_sealed: Buffer | null
}

/** Seals and opens the answers of one hotline's contacts. */
export interface AnswerSealing {
  /** The open part and the sealed one; the sealed one opens in this contact's row only. */
  seal(
    form: Questionnaire,
    contactId: string,
    response: QuestionnaireResponse,
  ): { open: QuestionnaireResponse; sealed: Buffer }
  /** The whole response; null when nobody has answered. Throws when the sealed part was changed. */
  open(stored: StoredAnswers): QuestionnaireResponse | null
  /** Whether the open part is still the one that was written with the sealed one. Throws when the sealed part was changed. */
  isWhole(stored: StoredAnswers): boolean
  /** What the index holds of texts: keyed hashes of their words, so that it tells no word. */
  indexWords(texts: readonly string[]): string[]
  /** The keyed hash of one word as the index holds it. */
  hashed(word: string): string
  /** For each word of a search all ways in which the index may hold it; the old one stands until rows are sealed. */
  searchWords(text: string): string[][]
  /** Words in columns of their own. */
  words: Words
}

/** How a hotline's contacts are sealed: callers' numbers, and answers that tell who somebody is (G24-7.5b). */
export interface ContactSealing {
  numbers: ReturnType<Keys['numbersOf']>
  answers: AnswerSealing
}

/** The sealing of one hotline's contacts. */
export const contactSealing = (keys: Keys, hotlineId: string): ContactSealing => ({
  numbers: keys.numbersOf(hotlineId),
  answers: answersOf(keys, hotlineId),
})

/** Marks a hashed word: none of the words themselves begins so. */
export const hashMark = '#'
const hashBytes = 9
/** What is sealed: answers, and the digest that binds the open ones to them. */
const sealedPart = z.strictObject({ answers: sealedAnswers, openDigest: z.string() })
const digestOf = (open: unknown): string => createHash('sha256').update(canonical(open)).digest('base64url')
const mostHashed = 50_000

/** The sealing of one hotline's answers. */
export function answersOf(keys: Keys, hotlineId: string): AnswerSealing {
  const hashed = hasherOf(keys, hotlineId)
  const sealedPartOf = (contactId: string, sealed: Buffer): z.infer<typeof sealedPart> =>
    sealedPart.parse(JSON.parse(keys.open(hotlineId, sealed, contactId)))
  return {
    words: keys.wordsOf(hotlineId),
    seal(form, contactId, response) {
      const { open, sealed } = splitAnswers(form, response)
      const part = { answers: sealed, openDigest: digestOf(open) }
      return { open, sealed: keys.seal(hotlineId, JSON.stringify(part), 'notes', contactId) }
    },
    open({ contact_id, form, answers_sealed }) {
      const open = questionnaireResponse.safeParse(form)
      if (!open.success) return null
      if (answers_sealed === null) return open.data
      return mergeAnswers(open.data, sealedPartOf(contact_id, answers_sealed).answers)
    },
    isWhole: ({ contact_id, form, answers_sealed }) =>
      answers_sealed === null || sealedPartOf(contact_id, answers_sealed).openDigest === digestOf(form),
    hashed,
    indexWords: (texts) => lexemesOf(texts.join(' ')).map(hashed),
    searchWords: (text) => searchLexemes(text).map((word) => [word, hashed(word)]),
  }
}

const hashersOf = new WeakMap<Keys, Map<string, (word: string) => string>>()

/** Words come again and again while somebody types, so their hashes are kept. */
function hasherOf(keys: Keys, hotlineId: string): (word: string) => string {
  const hashers = hashersOf.get(keys) ?? new Map<string, (word: string) => string>()
  hashersOf.set(keys, hashers)
  const known = new Map<string, string>()
  const fresh = (word: string): string => {
    const found = known.get(word)
    if (found !== undefined) return found
    if (known.size >= mostHashed) known.clear()
    const hash = hashMark + keys.wordKey(hotlineId, word).subarray(0, hashBytes).toString('base64url')
    known.set(word, hash)
    return hash
  }
  const hasher = hashers.get(hotlineId) ?? fresh
  hashers.set(hotlineId, hasher)
  return hasher
}
