import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SuperviseMode } from '../../domain/call-state.ts'
import type { PhoneCall } from '../../switchboard/testing/phone.ts'
import { levelOf } from '../../switchboard/testing/sound.ts'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { commandCall } from './commands.ts'
import { Hall, type Seat } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

const tones = { caller: 440, counsellor: 1000, supervisor: 700, second: 1300 } as const
type Who = keyof typeof tones

/** A recorded talk, each with a tone of their own, and a supervisor who is free. */
async function talking() {
  const seat = await hall.seat()
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press('1')
  await hall.becomes({ state: 'offered' }, 1, 15_000)
  const counsellor = await seat.phone.rings()
  counsellor.answer()
  const contact = await hall.becomes({ state: 'talking', phase: 'together', consent: 'given' })
  caller.sound.hz = tones.caller
  counsellor.sound.hz = tones.counsellor
  const supervisor = await hall.seat()
  return { seat, caller, counsellor, supervisor, contactId: contact.contact_id }
}

const wish = (at: Seat, contactId: string, mode: SuperviseMode): Promise<void> =>
  hall.calls.supervise(hall.hotlineId, at.personId, contactId, { mode, reason: '新手' })

/** Joins in a way and answers at the desk phone. */
async function joins(at: Seat, contactId: string, mode: SuperviseMode, who: Who = 'supervisor') {
  await wish(at, contactId, mode)
  const rung = await at.phone.rings()
  rung.answer()
  rung.sound.hz = tones[who]
  return rung
}

/** At every ear at once: exactly these tones are heard, and none of the others. */
async function hear(ears: { at: PhoneCall; only: Who[] }[]): Promise<void> {
  const right = ({ at, only }: (typeof ears)[number]): boolean =>
    (Object.keys(tones) as Who[]).every((who) =>
      only.includes(who) ? at.sound.level(tones[who], 300) > -35 : at.sound.level(tones[who], 300) < -48,
    )
  await until('every ear hears what it should', () => ears.every(right)).catch((error: unknown) => {
    const levels = ears.map(({ at }) => Object.values(tones).map((hz) => Math.round(at.sound.level(hz, 300))))
    throw new Error(`${String(error)} ${JSON.stringify(levels)} ${hall.logged.join('\n')}`)
  })
}

/** The loudest that each tone ever was in one side of the decrypted recording. */
async function recorded(side: 'caller' | 'seat'): Promise<Record<Who, number>> {
  const stored = () => hall.house.files().filter((name) => name.endsWith('.age'))
  await until('both sides are stored', () => stored().length === 2)
  const name = stored().find((each) => each.includes(`.${side}.`)) ?? ''
  const sound = await hall.house.soundIn(name, hall.keys.recordingIdentity(hall.hotlineId))
  const loudest = (hz: number): number => {
    let most = -99
    for (let at = 0; at + 3200 <= sound.length; at += 1600) {
      most = Math.max(most, levelOf(sound.subarray(at, at + 3200), hz))
    }
    return most
  }
  return {
    caller: loudest(tones.caller),
    counsellor: loudest(tones.counsellor),
    supervisor: loudest(tones.supervisor),
    second: loudest(tones.second),
  }
}

test('G24-5.3.5: listening and whispering at every ear: the caller and both sides of the recording never hear it', async () => {
  const { caller, counsellor, supervisor, contactId } = await talking()
  const third = await joins(supervisor, contactId, 'listen')
  await hear([
    { at: caller, only: ['counsellor'] },
    { at: counsellor, only: ['caller'] },
    { at: third, only: ['caller', 'counsellor'] },
  ])
  await hall.calls.supervise(hall.hotlineId, supervisor.personId, contactId, { mode: 'whisper' })
  await hear([
    { at: caller, only: ['counsellor'] },
    { at: counsellor, only: ['caller', 'supervisor'] },
    { at: third, only: ['caller', 'counsellor'] },
  ])
  await pause(500)
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up' })
  await third.ended
  const said = await recorded('caller')
  const answered = await recorded('seat')
  expect(said.caller).toBeGreaterThan(-30)
  expect(answered.counsellor).toBeGreaterThan(-30)
  for (const level of [said.supervisor, said.counsellor, answered.supervisor]) expect(level).toBeLessThan(-45)
  const joined = await data.owner<{ data: unknown; actor: string }>(
    `select data, actor from contact_event where kind = 'supervisor.joined' and contact_id = $1 order by seq`,
    [contactId],
  )
  expect(joined).toEqual(
    ['listen', 'whisper'].map((mode) => ({
      data: { mode, reason: expect.stringMatching(/^kept:/), seat: supervisor.seatId },
      actor: supervisor.personId,
    })),
  )
  expect(await hall.timeline()).toContain('supervisor.left')
  await until('the supervisor is free', async () => (await hall.dutyOf(supervisor))?.state === 'free')
})

test('G24-7.5a: barging in at every ear: the caller is told first, all hear all, and the recording keeps the sides apart', async () => {
  const { caller, counsellor, supervisor, contactId } = await talking()
  const third = await joins(supervisor, contactId, 'barge')
  await until('the caller is being told', async () => (await hall.timeline()).includes('supervisor.joined'))
  expect(caller.sound.level(tones.supervisor)).toBeLessThan(-45)
  await hear([
    { at: caller, only: ['counsellor', 'supervisor'] },
    { at: counsellor, only: ['caller', 'supervisor'] },
    { at: third, only: ['caller', 'counsellor'] },
  ])
  await wish(supervisor, contactId, 'listen')
  await hear([
    { at: caller, only: ['counsellor'] },
    { at: counsellor, only: ['caller'] },
    { at: third, only: ['caller', 'counsellor'] },
  ])
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up' })
  const said = await recorded('caller')
  const answered = await recorded('seat')
  expect(said.supervisor).toBeLessThan(-45)
  expect(answered.supervisor).toBeGreaterThan(-35)
})

test('G24-5.3.5: taking over: the caller hears the supervisor, the record is theirs, the counsellor goes to wrap-up', async () => {
  const { seat, caller, counsellor, supervisor, contactId } = await talking()
  const third = await joins(supervisor, contactId, 'listen')
  await hear([{ at: third, only: ['caller', 'counsellor'] }])
  await wish(supervisor, contactId, 'take-over')
  await counsellor.ended
  await hear([
    { at: caller, only: ['supervisor'] },
    { at: third, only: ['caller'] },
  ])
  await hall.becomes({ state: 'talking', person_id: supervisor.personId })
  expect(await hall.dutyOf(seat)).toMatchObject({ state: 'wrap-up' })
  expect(await hall.dutyOf(supervisor)).toMatchObject({ state: 'busy' })
})

test('two supervisors, one listening and one whispering, do not hear each other or disturb the talk', async () => {
  const { caller, counsellor, supervisor, contactId } = await talking()
  const other = await hall.seat()
  const third = await joins(supervisor, contactId, 'listen')
  const fourth = await joins(other, contactId, 'whisper', 'second')
  await hear([
    { at: caller, only: ['counsellor'] },
    { at: counsellor, only: ['caller', 'second'] },
  ])
  await hall.calls.supervise(hall.hotlineId, other.personId, contactId, { mode: 'off' })
  await fourth.ended
  await hear([
    { at: counsellor, only: ['caller'] },
    { at: third, only: ['caller', 'counsellor'] },
  ])
})

test('on hold a listener hears the counsellor alone; afterwards both again', async () => {
  const { seat, caller, supervisor, contactId } = await talking()
  const third = await joins(supervisor, contactId, 'listen')
  await hear([{ at: third, only: ['caller', 'counsellor'] }])
  const command = (name: 'hold' | 'unhold'): Promise<void> =>
    commandCall(hall.calls.shell, hall.hotlineId, seat.personId, contactId, { command: name })
  await command('hold')
  await hear([{ at: third, only: ['counsellor'] }])
  await command('unhold')
  await hear([
    { at: third, only: ['caller', 'counsellor'] },
    { at: caller, only: ['counsellor'] },
  ])
})

test('a listener goes on listening while the server is away and after it is back', async () => {
  const { caller, counsellor, supervisor, contactId } = await talking()
  const third = await joins(supervisor, contactId, 'whisper')
  const whispered = [
    { at: caller, only: ['counsellor'] },
    { at: counsellor, only: ['caller', 'supervisor'] },
    { at: third, only: ['caller', 'counsellor'] },
  ] satisfies Parameters<typeof hear>[0]
  await hear(whispered)
  await hall.calls.stop()
  await hear(whispered)
  await hall.startServer()
  await hear(whispered)
  await wish(supervisor, contactId, 'listen')
  await hear([{ at: counsellor, only: ['caller'] }])
})

test('a supervisor on a pause is offered no callers but may join, and is on that pause again afterwards', async () => {
  const { supervisor, contactId } = await talking()
  await hall.pause(supervisor, 'meal')
  const third = await joins(supervisor, contactId, 'listen')
  await hear([{ at: third, only: ['caller', 'counsellor'] }])
  await hall.calls.supervise(hall.hotlineId, supervisor.personId, contactId, { mode: 'off' })
  await third.ended
  await until('the pause goes on', async () => (await hall.dutyOf(supervisor))?.reason === 'meal')
})

test('a supervisor who is off duty, busy, or wants a call that is over is refused; leaving twice is success', async () => {
  const { seat, caller, supervisor, contactId } = await talking()
  const nobody = { ...supervisor, personId: '01900000-0000-7000-8000-000000000000' }
  await expect(wish(nobody, contactId, 'listen')).rejects.toMatchObject({ code: 'duty.notOn' })
  await expect(wish(seat, contactId, 'listen')).rejects.toMatchObject({ code: 'call.wrongState' })
  await data.owner(`update duty set state = 'wrap-up' where seat_id = $1`, [supervisor.seatId])
  await expect(wish(supervisor, contactId, 'listen')).rejects.toMatchObject({ code: 'seat.busy' })
  const silent = hall.calls.supervise(hall.hotlineId, supervisor.personId, contactId, { mode: 'listen' })
  await expect(silent).rejects.toMatchObject({ code: 'request.malformed' })
  const off = (): Promise<void> =>
    hall.calls.supervise(hall.hotlineId, supervisor.personId, contactId, { mode: 'off' })
  await off()
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up' })
  await off()
  await expect(wish(supervisor, contactId, 'listen')).rejects.toMatchObject({ code: 'call.wrongState' })
})
