/* What a JSON Schema of the API document allows, as arbitraries; and what nobody should ever send. */
import fc from 'fast-check'

/** A schema as z.toJSONSchema writes it. */
export type Schema = Readonly<Record<string, unknown>>

/** What stands for personal data in everything that is sent: no refusal may say it again. */
export const secretName = '张三丰保密'
/** A number nobody else uses. */
export const secretNumber = '13987650417'

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : [])
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise

/** Texts that break what was not written with care; each carries what must not come back. */
const wickedText = fc.oneof(
  fc.constantFrom(
    `${secretName}\u0000${secretNumber}`,
    `\ud800${secretName}`,
    `=HYPERLINK("http://x/${secretNumber}")`,
    `'; drop table contact; -- ${secretName}`,
    `${secretName}\r\nset-cookie: hearthline_session=x`,
    `<script>alert('${secretNumber}')</script>`,
    `../../../../etc/passwd`,
    `\u202e${secretName}\u2066`,
    `${'9'.repeat(400)}`,
    `${secretName}`.repeat(3000),
    '__proto__',
    'constructor',
    '-1',
    '1e999',
    'NaN',
    '0198a000-0000-7000-8000-00000000000A ',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `${secretNumber}${text}`),
)

const instants = fc.oneof(
  fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
  fc.integer({ min: -86_400, max: 86_400 }).map((seconds) => new Date(Date.now() + seconds * 1000)),
)

const anything = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))

/** Values of every type, each wrong somewhere. */
export const wicked: fc.Arbitrary<unknown> = fc.oneof(
  wickedText,
  fc.constantFrom<unknown[]>(null, true, -1, 0, 0.1, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, [], {}, [[]]),
  wickedText.map((text) => [text, text]),
  wickedText.map((text) => ({ [text.slice(0, 200)]: text })),
  fc.constant(
    Array.from({ length: 60 }).reduce<unknown>((inner) => ({ item: [inner], value: secretName }), 1),
  ),
)

/** Ids of things that are there, of this hotline and of another, by the name they go under (`contactId`). */
export type Known = (name: string) => readonly string[]

/** Values that cannot be guessed (a passphrase, a token, a file), by the name of their field. */
export type Hints = ReadonlyMap<string, readonly unknown[]>

/** Whether a hint is of the schema's type; what is one of a few words needs none. */
function suits(schema: Schema, value: unknown): boolean {
  if (Array.isArray(schema['enum']) || 'const' in schema) return false
  const type = Array.isArray(value) ? 'array' : typeof value
  const wanted = schema['type'] === 'integer' ? 'number' : schema['type']
  return wanted === undefined || wanted === type
}

/** Makes the arbitrary of a schema that stands under a name. */
export function fromSchema(
  root: Schema,
  ids: Known,
  name = '',
  hints: Hints = new Map(),
): fc.Arbitrary<unknown> {
  const definitions = isSchema(root['$defs']) ? root['$defs'] : {}
  const known = (under: string): fc.Arbitrary<string> =>
    fc.nat().map((index) => {
      const there = ids(under)
      return there[index % Math.max(1, there.length)] ?? crypto.randomUUID()
    })

  const text = (schema: Schema, _depth: number, under: string): fc.Arbitrary<unknown> => {
    if (schema['format'] === 'uuid')
      return fc.oneof({ weight: 9, arbitrary: known(under) }, { weight: 1, arbitrary: fc.uuid() })
    if (schema['format'] === 'date-time') return instants.map((date) => date.toISOString())
    if (schema['format'] === 'date') return instants.map((date) => date.toISOString().slice(0, 10))
    const pattern = schema['pattern']
    if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern, 'u'))
    const minLength = numberOf(schema['minLength'], 0)
    const maxLength = Math.min(numberOf(schema['maxLength'], 40), minLength + 60)
    return fc.string({ unit: 'grapheme', minLength, maxLength })
  }

  const number = (schema: Schema): fc.Arbitrary<unknown> => {
    const least = numberOf(schema['minimum'], numberOf(schema['exclusiveMinimum'], -1000))
    const most = numberOf(schema['maximum'], numberOf(schema['exclusiveMaximum'], Math.max(least, 0) + 1000))
    const [min, max] = [Math.ceil(least), Math.max(Math.ceil(least), Math.floor(most))]
    return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }))
  }

  const object = (schema: Schema, depth: number): fc.Arbitrary<unknown> => {
    const properties = isSchema(schema['properties']) ? schema['properties'] : {}
    const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
    const parts = Object.entries(properties).filter(([name]) => depth > 0 || required.includes(name))
    const given = fc.record(
      Object.fromEntries(
        parts.map(([name, part]) => [name, of(isSchema(part) ? part : {}, depth - 1, name)]),
      ),
      { requiredKeys: required.filter((name) => name in properties) },
    )
    const rest = schema['additionalProperties']
    if (!isSchema(rest) || depth <= 0) return given
    const names = isSchema(schema['propertyNames'])
      ? of(schema['propertyNames'], 1, '')
      : fc.string({ maxLength: 12 })
    return fc.dictionary(names.map(String), of(rest, depth - 1, ''), { maxKeys: 3 })
  }

  const array = (schema: Schema, depth: number, under: string): fc.Arbitrary<unknown> => {
    const items = isSchema(schema['items']) ? schema['items'] : {}
    const minLength = numberOf(schema['minItems'], 0)
    const maxLength = depth > 0 ? Math.min(numberOf(schema['maxItems'], 3), minLength + 3) : minLength
    return fc.array(of(items, depth - 1, under), { minLength, maxLength })
  }

  const byType: Record<string, (schema: Schema, depth: number, under: string) => fc.Arbitrary<unknown>> = {
    string: text,
    integer: number,
    number,
    boolean: () => fc.boolean(),
    null: () => fc.constant(null),
    array,
    object,
  }

  const of = (schema: Schema, depth: number, under: string): fc.Arbitrary<unknown> => {
    const hinted = (hints.get(under) ?? []).filter((value) => suits(schema, value))
    if (hinted.length === 0) return guessed(schema, depth, under)
    return fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...hinted) },
      { weight: 1, arbitrary: guessed(schema, depth, under) },
    )
  }

  const guessed = (schema: Schema, depth: number, under: string): fc.Arbitrary<unknown> => {
    const reference = schema['$ref']
    if (typeof reference === 'string') {
      const target = reference === '#' ? root : definitions[reference.split('/').at(-1) ?? '']
      return isSchema(target) && depth > 0 ? of(target, depth - 1, under) : fc.constant(null)
    }
    if ('const' in schema) return fc.constant(schema['const'])
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]))
    const choices = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])]
    if (choices.length > 0) return fc.oneof(...choices.map((choice) => of(choice, depth, under)))
    const all = listOf(schema['allOf'])
    if (all.length > 0)
      return fc
        .tuple(...all.map((part) => of(part, depth, under)))
        .map((parts) => Object.assign({}, ...parts) as unknown)
    return byType[String(schema['type'])]?.(schema, depth, under) ?? anything
  }
  return of(root, 6, name)
}

/** The value with one part of it, found by the number, replaced by something else, or with something added. */
export function spoilt(value: unknown, place: number, by: unknown): unknown {
  if (typeof value !== 'object' || value === null) return by
  const keys = Object.keys(value)
  const chosen = place % (keys.length + 2)
  if (chosen === keys.length + 1) return by
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...value }
  const key = keys[chosen] ?? 'extra'
  const deeper = Math.floor(place / (keys.length + 2))
  Object.defineProperty(copy, key, {
    value: spoilt((value as Record<string, unknown>)[key], deeper, by),
    enumerable: true,
    configurable: true,
    writable: true,
  })
  return copy
}
