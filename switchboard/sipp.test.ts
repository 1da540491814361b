import { afterEach, beforeEach, expect, test } from 'vitest'
import { channelId, connectApp, part } from './testing/app.ts'
import type { TestApp } from './testing/app.ts'
import { startBoard } from './testing/board.ts'
import type { Board } from './testing/board.ts'
import { until } from './testing/phone.ts'
import { hasSipp, sipp } from './testing/sipp.ts'

let board: Board
let app: TestApp

beforeEach(async () => {
  board = await startBoard()
  app = await connectApp(board.ari)
})

afterEach(async () => {
  await app.close()
  await board.stop()
})

test.skipIf(!hasSipp)('an INVITE without an offer is answered with ours', async () => {
  const call = sipp('offerless', board.sip)
  const id = channelId(await app.event('StasisStart'))
  expect((await app.ask('POST', `channels/${id}/answer`)).status).toBe(204)
  await call
  expect(await app.event('ChannelDestroyed')).toMatchObject({ cause: 16 })
})

test.skipIf(!hasSipp)(
  'a phone that presses its transfer key is left to the application, and told how it went',
  async () => {
    const call = sipp('refer', board.sip)
    const id = channelId(await app.event('StasisStart'))
    await app.ask('POST', `channels/${id}/answer`)
    const asked = await app.event('ChannelTransfer')
    expect(part(part(asked, 'refer_to'), 'requested_destination')).toMatchObject({ destination: '2002' })
    expect(part(part(asked, 'referred_by'), 'source_channel')).toMatchObject({ id })
    expect((await app.ask('POST', `channels/${id}/transfer_progress?states=nonsense`)).status).toBe(400)
    // Asked at once, for the phone hangs up as soon as it has heard the first.
    const done = `channels/${id}/transfer_progress?states=channel_answered`
    const twice = await Promise.all([app.ask('POST', done), app.ask('POST', done)])
    expect(twice.map(({ status }) => status)).toEqual([204, 409])
    await call
  },
)

test.skipIf(!hasSipp)(
  'forty calls at twenty a second leave no channel, leg, port or dialog behind',
  async () => {
    const started = new Set<string>()
    const answering = setInterval(() => {
      for (const event of app.events) {
        if (event.type !== 'StasisStart' || started.has(channelId(event))) continue
        started.add(channelId(event))
        void app.ask('POST', `channels/${channelId(event)}/answer`)
        void app.ask('POST', `channels/${channelId(event)}/play?media=sound:${board.sound('greeting')}`)
      }
    }, 5)
    try {
      await sipp('plain', board.sip, '-m', '40', '-r', '20')
    } finally {
      clearInterval(answering)
    }
    expect(started.size).toBe(40)
    await until('nothing is left', async () => {
      const { channels, media, sip } = await board.counts()
      const open = [
        channels,
        media['legs'],
        media['ports'],
        media['playbacks'],
        sip['dialogs'],
        sip['halfOpen'],
      ]
      return open.every((count) => count === 0)
    })
    expect(app.events.filter((event) => event.type === 'ChannelDestroyed')).toHaveLength(40)
  },
)
