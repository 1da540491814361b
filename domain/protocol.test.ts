import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coreOf, dangerAnswers, protocolsOf } from './form.ts'
import {
  dueAt,
  filledHelp,
  gradeOf,
  maySkip,
  missingItems,
  openedFrom,
  overdueStep,
  protocolFile,
  protocolNamed,
  stepsAt,
  stepsInTheWay,
  wrongItems,
  type Protocol,
  type ProtocolStep,
} from './protocol.ts'
import { riskLevels } from './risk.ts'

const folder = join(import.meta.dirname, '..', 'clinical', 'protocols')
const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
const protocols: Protocol[] = texts.map((text) => protocolFile.parse(JSON.parse(text)))
const named = (name: string): Protocol => {
  const found = protocolNamed(protocols, name)
  if (!found) throw new Error(`no protocol ${name}`)
  return found.protocol
}
const suicide = named('suicide')
const stepOf = (protocol: Protocol, id: string): ProtocolStep => {
  const step = protocol.steps.find((one) => one.step === id)
  if (!step) throw new Error(`no step ${id}`)
  return step
}
const aProtocol = fc.constantFrom(...protocols)
const aLevel = fc.constantFrom(null, ...riskLevels)

test('G24-4.3.5: protocols ship for suicide in four grades, danger to others, abuse, violence, psychosis, emergency, group', () => {
  const offered = protocols.flatMap(({ protocol, grades }) => [
    protocol,
    ...grades.flatMap((grade) => grade.code ?? []),
  ])
  expect(offered.sort()).toEqual([
    'danger-to-others',
    'domestic-violence',
    'group-crisis',
    'medical-emergency',
    'minor-abuse',
    'psychosis',
    'suicide',
    'suicide-72h',
    'suicide-ideation',
    'suicide-in-progress',
    'suicide-week',
  ])
})

test('no protocol asks anybody to promise not to: such contracts have no evidence', () => {
  for (const text of texts) {
    expect(text).not.toMatch(/承诺|保证书|不自杀协议|不自杀契约|答应我不/)
    expect(text).not.toMatch(/promise not|no-suicide|no-harm contract|contract|pledge|promise me/i)
  }
})

test('G24-4.3.5: whatever the form can answer opens a protocol that exists', () => {
  for (const danger of dangerAnswers)
    for (const beingHarmed of ['by-family', 'by-other', null] as const)
      for (const ageGroup of ['under-14', '30-44', null] as const) {
        const core = { ...coreOf({}), danger, beingHarmed, ageGroup, dangerToOthers: 'immediate' } as const
        for (const name of protocolsOf({ ...core, medical: 'yes', orientation: 'voices' }))
          expect(protocolNamed(protocols, name)).not.toBe(null)
      }
})

test('G24-4.3.5: the safety plan has six parts, and means safety cannot be left out of it', () => {
  const plan = stepOf(suicide, 'plan')
  expect(plan.items).toHaveLength(6)
  const whole = Object.fromEntries(plan.items.map((item) => [item.id, '写好了']))
  expect(missingItems(plan, whole)).toEqual([])
  expect(missingItems(plan, { ...whole, 'plan-means': '  ' })).toEqual(['plan-means'])
  expect(plan.must && !maySkip(plan, ' ')).toBe(true)
  for (const grade of ['ideation', 'week', '72h', 'in-progress'])
    expect(stepsAt(suicide, grade).map((step) => step.step)).toContain('plan')
})

test('G24-4.3.5: who is in danger now is asked for means, place and how it is known, who is near; help is called and arrives', () => {
  const steps = stepsAt(suicide, 'in-progress').map((step) => step.step)
  for (const step of [
    'stay',
    'act',
    'means',
    'place',
    'people',
    'engage',
    'emergency',
    'arrived',
    'kin',
    'follow',
  ])
    expect(steps).toContain(step)
  // Working together comes before calling help without consent.
  expect(steps.indexOf('engage')).toBeLessThan(steps.indexOf('emergency'))
  const missing = missingItems(stepOf(suicide, 'place'), { place: '长江大桥' })
  expect(missing).toEqual(['place-how'])
})

test('every protocol that calls emergency services names them and has a text to read aloud with the place in it', () => {
  for (const protocol of protocols) {
    const emergency = stepOf(protocol, 'emergency')
    for (const language of ['zh-CN', 'en'] as const) {
      expect(emergency.help[language]).toMatch(/110|120/)
      expect(emergency.help[language]).toContain('{place}')
    }
    expect(missingItems(emergency, {})).toEqual(['emergency-who', 'emergency-at'])
  }
})

test('what was recorded stands in the text that is read aloud; what nobody knows stays in brackets', () => {
  const text = filledHelp(suicide, stepOf(suicide, 'emergency'), {
    place: '解放路 12 号 3 楼',
    'place-how': 'sound',
    means: ['pills', 'height'],
  })
  expect(text['zh-CN']).toContain('解放路 12 号 3 楼')
  expect(text['zh-CN']).toContain('从背景声音推断')
  expect(text['zh-CN']).toContain('药物、高处')
  expect(text.en).toContain('guessed from what is heard')
  expect(text.en).toContain('[what and how much]')
  fc.assert(
    fc.property(
      fc.constantFrom(...protocols.flatMap((one) => one.steps.map((step) => ({ one, step })))),
      ({ one, step }) => {
        const filled = filledHelp(one, step, {})
        expect(filled['zh-CN'] + filled.en).not.toMatch(/\{[a-z0-9-]+\}/)
      },
    ),
  )
})

test('the report of abuse of a minor cannot be skipped, and a guardian’s consent never blocks', () => {
  const minor = named('minor-abuse')
  const report = stepOf(minor, 'report')
  expect(report.must && !maySkip(report, '来电者挂断')).toBe(true)
  expect(report.help['zh-CN']).toContain('未成年人保护法第十一条')
  expect(stepOf(minor, 'child').help['zh-CN']).toContain('不需要等监护人同意')
  expect(minor.follows.report).toBe(true)
})

test('a protocol’s grade never falls, and a caller’s key or an instrument alone waits for the danger question', () => {
  expect(gradeOf(suicide, { was: null, named: null, from: 'caller-key', level: null })).toBe('unclear')
  expect(gradeOf(suicide, { was: null, named: null, from: 'instrument', level: null })).toBe('unclear')
  expect(gradeOf(suicide, { was: null, named: null, from: 'button', level: null })).toBe('ideation')
  expect(gradeOf(suicide, { was: null, named: null, from: 'button', level: 'acute' })).toBe('in-progress')
  const grades = suicide.grades.map((one) => one.grade)
  fc.assert(
    fc.property(
      aProtocol,
      fc.array(
        fc.record({
          from: fc.constantFrom(...openedFrom),
          level: aLevel,
          place: fc.nat(4),
          name: fc.boolean(),
        }),
      ),
      (protocol, openings) => {
        let was: string | null = null
        let steps: string[] = []
        for (const { from, level, place, name } of openings) {
          const known = protocol.grades[place]?.grade ?? null
          was = gradeOf(protocol, { was, named: name ? known : null, from, level })
          const now = stepsAt(protocol, was).map((step) => step.step)
          expect(now).toEqual(expect.arrayContaining(steps))
          steps = now
          if (name && known !== null)
            expect(grades.indexOf(was)).toBeGreaterThanOrEqual(grades.indexOf(known))
        }
      },
    ),
  )
})

test('a protocol ends only when every step that must be is done or skipped with a reason', () => {
  const grade = fc.constantFrom(...suicide.grades.map((one) => one.grade))
  const how = fc.constantFrom('open', 'done', 'skipped')
  fc.assert(
    fc.property(grade, fc.array(how, { minLength: 13, maxLength: 13 }), (at, hows) => {
      const states = stepsAt(suicide, at).map((step, index) => ({
        step: step.step,
        dueAt: null,
        doneAt: hows[index] === 'done' ? 1 : null,
        skipped: hows[index] === 'skipped' ? '来电者挂断' : null,
      }))
      const left = stepsInTheWay(suicide, at, states)
      const open = stepsAt(suicide, at).filter((step, index) => step.must && hows[index] === 'open')
      expect(left).toEqual(open.map((step) => step.step))
    }),
  )
})

test('the step whose time ran out first is the overdue one; done and skipped ones are not', () => {
  const state = (step: string, due: number | null, given: object = {}) => ({
    step,
    dueAt: due,
    doneAt: null,
    skipped: null,
    ...given,
  })
  const states = [
    state('a', 50, { doneAt: 60 }),
    state('b', 40, { skipped: '挂断' }),
    state('c', 90),
    state('d', 70),
    state('e', null),
  ]
  expect(overdueStep(states, 100)?.step).toBe('d')
  expect(overdueStep(states, 60)).toBe(null)
  expect(dueAt(stepOf(suicide, 'stay'), 1000)).toBe(61_000)
})

test('a record of another kind or another step is refused', () => {
  const means = stepOf(suicide, 'means')
  expect(wrongItems(means, { means: ['pills'], 'means-near': 'hand', 'means-note': '' })).toEqual([])
  expect(wrongItems(means, { means: 'pills', 'means-near': 'moon', place: 'x' })).toEqual([
    'means',
    'means-near',
    'place',
  ])
  const emergency = stepOf(suicide, 'emergency')
  expect(wrongItems(emergency, { 'emergency-at': '23:05' })).toEqual([])
  expect(wrongItems(emergency, { 'emergency-at': new Date(0).toISOString() })).toEqual([])
  expect(wrongItems(emergency, { 'emergency-at': 'soon' })).toEqual(['emergency-at'])
})
