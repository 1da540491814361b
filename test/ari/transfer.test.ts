import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { channelId, part } from '../../switchboard/testing/app.ts'
import { hz } from '../../switchboard/testing/board.ts'
import { levelOf } from '../../switchboard/media/tone.ts'
import { transferTo, until } from '../../switchboard/testing/phone.ts'
import { phoneMissing, startPhone, type Phone } from '../journeys/phone.ts'
import { Scene, hears, hearsNot, putSeat, tones } from './scene.ts'

let scene: Scene
let desk: Phone | null = null

beforeAll(async () => {
  scene = await Scene.open()
})
afterEach(async () => {
  await desk?.stop()
  desk = null
  await scene.clear()
})
afterAll(() => scene?.close())

test('a consultation: the two speak alone while the caller hears music, then the caller is handed over', async () => {
  const { one, two, bridge } = await scene.talk()
  await scene.must('POST', `bridges/${bridge}/removeChannel?channel=${one.id}`)
  await scene.bridge([one.id], 'holding')
  await scene.must('POST', `channels/${one.id}/moh?mohClass=default`)
  const three = await scene.seated(1)
  three.call.sound.hz = tones.third
  await scene.must('POST', `bridges/${bridge}/addChannel?channel=${three.id}`)
  await hears(two.call, tones.third)
  await hears(three.call, tones.seat)
  await hears(one.call, hz.music)
  await hearsNot(one.call, tones.seat)
  await scene.must('DELETE', `channels/${one.id}/moh`)
  await scene.must('POST', `bridges/${bridge}/addChannel?channel=${one.id}`)
  await scene.must('DELETE', `channels/${two.id}`)
  await hears(one.call, tones.third)
  await hears(three.call, tones.caller)
  await hearsNot(one.call, hz.music)
})

/** A desk phone by another's hand (baresip), on a talk with a caller. */
async function deskTalk() {
  await putSeat(scene.ground.ari, { seat: 'desk1', kind: 'phone', secret: { password: 'desk1-secret' } })
  const server = `127.0.0.1:${scene.ground.sip}`
  const register = { server, password: 'desk1-secret', answer: 'auto' } as const
  const phone = await startPhone({ toneHz: tones.seat, user: 'desk1', register })
  desk = phone
  await phone.waitFor('REGISTER_OK')
  const one = await scene.answered()
  one.call.sound.hz = tones.caller
  const id = scene.fresh('desk')
  await scene.must('POST', `channels/${id}?endpoint=PJSIP/desk1&app=hotline&timeout=20`, {
    variables: { 'PJSIP_TRANSFER_HANDLING()': 'ari-only' },
  })
  await scene.entered(id)
  await scene.bridge([one.id, id])
  await hears(one.call, tones.seat)
  await until('the desk phone hears the caller', () => levelOf(phone.heard(), tones.caller) > 1_500)
  return { phone, one, id }
}

test.skipIf(phoneMissing)(
  'a desk phone registers, answers, is heard and hears, and its keys are told',
  async () => {
    const { phone, id } = await deskTalk()
    await phone.press('5')
    expect(await scene.app.event('ChannelDtmfReceived')).toMatchObject({ digit: '5', channel: { id } })
    await phone.hangUp()
    await scene.app.event('ChannelHangupRequest', (event) => channelId(event) === id)
    await scene.ended(id)
  },
)

test.skipIf(phoneMissing)('a phone that presses its transfer key is left to the application', async () => {
  const { phone, one, id } = await deskTalk()
  await phone.transfer(`sip:2002@127.0.0.1:${scene.ground.sip}`)
  const asked = await scene.app.event('ChannelTransfer')
  expect(part(part(asked, 'referred_by'), 'source_channel')['id']).toBe(id)
  const { destination } = part(part(asked, 'refer_to'), 'requested_destination') as { destination: string }
  expect(destination).toMatch(/^(sip:)?2002/)
  const next = await scene.seated(1)
  next.call.sound.hz = tones.third
  await scene.bridge([one.id, next.id])
  await scene.must('POST', `channels/${id}/transfer_progress?states=channel_answered`)
  await hears(one.call, tones.third)
  await hears(next.call, tones.caller)
  await scene.ask('DELETE', `channels/${id}`)
  await phone.waitFor('CALL_CLOSED')
  await scene.app.event('StasisEnd', (event) => channelId(event) === id)
})

test('a phone that has consulted presses its transfer key: the application is told whom it consulted, and joins the two', async () => {
  const { one, two, bridge } = await scene.talk()
  const consulting = await scene.seats[0].dial('2002')
  const start = await scene.app.event('StasisStart', (event) => (event['args'] as string[])[0] === '2002')
  const aside = channelId(start)
  await scene.must('POST', `channels/${aside}/answer`)
  await consulting.answered
  const three = await scene.seated(1)
  const room = await scene.bridge([aside, three.id])
  consulting.sound.hz = tones.seat
  three.call.sound.hz = tones.third
  await hears(consulting, tones.third)
  expect(await transferTo(two.call, consulting)).toBe(202)
  const asked = await scene.app.event('ChannelTransfer')
  expect(part(part(asked, 'referred_by'), 'source_channel')['id']).toBe(two.id)
  const to = part(asked, 'refer_to')
  expect(part(to, 'destination_channel')['id']).toBe(aside)
  expect(part(to, 'requested_destination')['destination']).toMatch(/^(sip:)?2002/)
  await scene.must('POST', `bridges/${bridge}/addChannel?channel=${three.id}`)
  await scene.must('POST', `channels/${two.id}/transfer_progress?states=channel_answered`)
  for (const id of [two.id, aside]) {
    await scene.ask('DELETE', `channels/${id}`)
    await scene.ended(id)
  }
  expect((await two.call.ended).by).toBe('remote')
  await consulting.ended
  await hears(one.call, tones.third)
  await hears(three.call, tones.caller)
  await hearsNot(one.call, tones.seat)
  await scene.must('DELETE', `bridges/${room}`)
})
