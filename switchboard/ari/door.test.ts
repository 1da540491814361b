import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makeLog } from '../log.ts'
import { channelId, connectApp, http, part } from '../testing/app.ts'
import { Applications } from './apps.ts'
import { openDoor } from './door.ts'
import type { Door } from './door.ts'
import { AriFault } from './fault.ts'
import { done, ok } from './request.ts'
import { Routes } from './routes.ts'

let apps: Applications
let door: Door
let seen: string[] = []

beforeEach(async () => {
  seen = []
  apps = new Applications('hearthline')
  const routes = new Routes([
    {
      method: 'POST',
      path: '/things/{thingId}',
      name: 'things.make',
      run: async ({ params, app }, ids) => {
        await new Promise((resolve) => setTimeout(resolve, params.number('wait', 0)))
        seen.push(ids['thingId'] ?? '')
        return ok({ id: ids['thingId'], name: params.text('name'), list: params.list('list'), app })
      },
    },
    { method: 'DELETE', path: '/things/{thingId}', name: 'things.end', run: () => done },
    {
      method: 'GET',
      path: '/things/{thingId}',
      name: 'things.get',
      run: () => {
        throw new AriFault(404, 'Thing not found')
      },
    },
  ])
  door = await openDoor({
    host: '127.0.0.1',
    port: 0,
    user: 'test',
    password: 'secret',
    asteriskId: 'hearthline',
    apps,
    log: makeLog('silent'),
    run: (request) => routes.run(request),
  })
})

afterEach(async () => door.close())

test('nobody without the password is let in, by HTTP or by WebSocket', async () => {
  const url = `http://127.0.0.1:${door.port}/ari/things/a`
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(`${url}?api_key=test:wrong`)).status).toBe(401)
  expect((await fetch(`${url}?api_key=test:secret`)).status).toBe(404)
  const refused = new WebSocket(`ws://127.0.0.1:${door.port}/ari/events?app=a&api_key=test:no`)
  await expect(
    new Promise((_, reject) => {
      refused.on('error', reject)
    }),
  ).rejects.toThrow('401')
})

test('an operation is found by its path; what is left out says its name', async () => {
  const status = async (method: string, uri: string) => (await http(door.port, method, uri)).status
  expect(await status('GET', 'things/a')).toBe(404)
  expect(await status('PUT', 'things/a')).toBe(405)
  expect(await status('DELETE', 'things/a')).toBe(204)
  expect(await status('GET', 'nothing')).toBe(404)
  const moved = await http(door.port, 'POST', 'channels/c/move?app=b')
  expect(moved.status).toBe(501)
  expect(moved.body['message']).toContain('channels.move')
  expect((await http(door.port, 'POST', 'playbacks/p/control?operation=pause')).body['message']).toContain(
    'playbacks.control',
  )
})

test('parameters come by query, by list, and by a JSON body that wins; a broken body is 400', async () => {
  const answer = await http(door.port, 'POST', 'things/a%2Fb?name=query&list=1,2&list=3', { name: 'body' })
  expect(answer.body).toEqual({ id: 'a/b', name: 'body', list: ['1', '2', '3'], app: null })
  const broken = await fetch(`http://127.0.0.1:${door.port}/ari/things/a?api_key=test:secret`, {
    method: 'POST',
    body: '{',
  })
  expect(broken.status).toBe(400)
  const form = await fetch(`http://127.0.0.1:${door.port}/ari/things/a?api_key=test:secret`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'name=form',
  })
  expect(await form.json()).toMatchObject({ name: 'form' })
  const long = await fetch(`http://127.0.0.1:${door.port}/ari/things/a?api_key=test:secret`, {
    method: 'POST',
    body: 'x'.repeat(70_000),
  })
  expect(long.status).toBe(413)
})

test('requests on one socket are done in the order in which they were sent', async () => {
  const app = await connectApp(door.port)
  const answers = await Promise.all([
    app.ask('POST', 'things/first?wait=40', { name: 'x' }),
    app.ask('POST', 'things/second'),
    app.ask('GET', 'things/third'),
  ])
  expect(seen).toEqual(['first', 'second'])
  expect(answers.map((one) => one.status)).toEqual([200, 200, 404])
  expect(answers[0]?.body).toMatchObject({ name: 'x', app: 'hotline' })
  expect(answers[2]?.body).toEqual({ message: 'Thing not found' })
  await app.close()
})

test('a message that is no request is answered 400 and the socket stays', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${door.port}/ari/events?app=a&api_key=test:secret`)
  await new Promise((resolve) => socket.on('open', resolve))
  const answer = new Promise<string>((resolve) => {
    socket.on('message', (data: Buffer) => resolve(data.toString()))
  })
  socket.send('not json')
  expect(JSON.parse(await answer)).toMatchObject({ type: 'RESTResponse', status_code: 400 })
  expect(socket.readyState).toBe(socket.OPEN)
  socket.close()
})

test('a second socket of the same name replaces the first', async () => {
  const first = await connectApp(door.port)
  const second = await connectApp(door.port)
  await first.event('ApplicationReplaced')
  await first.closed
  expect(apps.connected('hotline')).toBe(true)
  apps.ensure('hotline').channels.add('c')
  apps.emit({ type: 'Test', channel: { id: 'c' } }, { channels: ['c'] })
  const event = await second.event('Test')
  expect(event).toMatchObject({ application: 'hotline', asterisk_id: 'hearthline' })
  expect(event['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/)
  await second.close()
})

test('an application hears of what it is subscribed to and of nothing else; one that asked for all hears all', async () => {
  const one = await connectApp(door.port, 'one')
  const all = await connectApp(door.port, 'all', true)
  apps.ensure('one').channels.add('mine')
  apps.ensure('one').endpoints.add('PJSIP')
  const tell = (id: string) => apps.emit({ type: 'Test', channel: { id } }, { channels: [id] })
  tell('other')
  tell('mine')
  apps.emit({ type: 'Peer', endpoint: { resource: 'x' } }, { endpoints: ['x'] })
  expect(channelId(await one.event('Test'))).toBe('mine')
  expect(part(await one.event('Peer'), 'endpoint')).toEqual({ resource: 'x' })
  expect(one.events).toHaveLength(2)
  await all.event('Peer')
  expect(all.events).toHaveLength(3)
  await one.close()
  await all.close()
})
