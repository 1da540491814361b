/** What is done to the deployment, and what must then be true; each sentence is printed when it was seen. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ContactRow, readContact, readForm } from '../../api/contacts.ts'
import type { Desk } from '../../api/desk.ts'
import type { Reply } from '../../api/endpoint.ts'
import { fromResponse } from '../../domain/response.ts'
import type { Session } from '../journeys/hotline.ts'
import { answer } from '../journeys/record.ts'
import { allContacts, isOver } from '../survival/records.ts'
import { playBrowser } from './browser.ts'
import { callersAt, loginAt, verify, type Server } from './machines.ts'
import { newNumbers, type Caller } from './people.ts'
import { until } from './programs.ts'
import { callIn, must, since, type Story, type Trial } from './story.ts'

const helpedOf = async (callers: readonly Caller[]): Promise<Caller[]> => {
  const helped = await Promise.all(callers.map((one) => one.helped()))
  return callers.filter((_, at) => helped[at])
}

const talks = async (story: Story): Promise<number> =>
  (await Promise.all(story.phones.map((phone) => phone.helps()))).filter(Boolean).length

const alive = (callers: readonly Caller[]): boolean => callers.every((one) => !one.over)

async function sitDown(story: Story, server: Server): Promise<void> {
  story.server = server
  const names = ['supervisor', 'counsellor3', 'counsellor4']
  const [supervisor, ...counsellors] = await Promise.all(names.map((name) => loginAt(server, name)))
  if (!supervisor) throw new Error('nobody is logged in')
  Object.assign(story, { supervisor, counsellors })
}

const rowOf = (rows: readonly ContactRow[], { number }: Pick<Caller, 'number'>): ContactRow[] =>
  rows.filter((row) => row.callerNumber?.endsWith(number.slice(-4)))

/** Ten callers, of whom two are helped and eight wait. */
async function spread(story: Story): Promise<void> {
  const callers = await callIn(story, newNumbers(1, 10), true)
  const [one, two] = await Promise.all(story.asterisks.map(callersAt))
  must(`10 calls are spread, ${one?.length} and ${two?.length}`, one?.length === 5 && two?.length === 5)
  await until('both phones help', async () => (await talks(story)) === 2)
  must('two of them and their counsellors hear each other', (await helpedOf(callers)).length === 2)
}

async function killServer(story: Story): Promise<void> {
  const { servers, callers } = story
  const [dead, other] = (await servers[0].isReady()) ? servers : servers.toReversed()
  if (!dead || !other) throw new Error('there are no two servers')
  const at = performance.now()
  await dead.kill()
  await until('the other server has control', async () => (await other.isReady()) || false)
  must(`a server's machine is killed: the other has control after ${since(at)}`, true)
  must('no call ends, both talks go on', alive(callers) && (await talks(story)) === 2)
  await sitDown(story, other)
  await callIn(story, newNumbers(11, 2))
  must('callers who come then are answered', alive(callers))
  await dead.start()
}

/** Saves notes one after the other, and remembers the last that the server said it has. */
function writeNotes(
  session: Session,
  contactId: string,
): { acknowledged: () => number; stop: () => Promise<void> } {
  let last = 0
  let stopped = false
  const write = async (): Promise<void> => {
    for (let next = 1; !stopped; next += 1) {
      await answer(session, contactId, { notes: { values: [`第 ${next} 次`] } }).then(
        () => (last = next),
        () => pause(100),
      )
    }
  }
  const writing = write()
  return {
    acknowledged: () => last,
    stop: async () => {
      stopped = true
      await writing
    },
  }
}

async function notesIn(session: Session, contactId: string): Promise<number> {
  const form = await session.ask<Reply<typeof readForm>>('GET', `/contacts/${contactId}/form`)
  const { notes } = fromResponse(form.questionnaire, form.response)
  const [text] = notes && 'values' in notes ? notes.values : []
  return typeof text === 'string' ? Number(/\d+/.exec(text)?.[0]) : 0
}

async function killDatabase(story: Story): Promise<void> {
  const { database, callers } = story
  await database.twice()
  const [counsellor] = story.counsellors
  const desk = await counsellor?.ask<Desk>('GET', '/desk')
  if (!counsellor || !desk?.call) throw new Error('the counsellor is in no talk')
  const { contactId } = desk.call
  const before = (await allContacts(story.supervisor)).length
  const writer = writeNotes(counsellor, contactId)
  await until('notes are saved', () => writer.acknowledged() > 30)
  const at = performance.now()
  await database.killPrimary()
  const meanwhile = callIn(story, newNumbers(21, 2))
  meanwhile.catch(() => undefined)
  await pause(3000)
  // An answer may have been on its way when it died.
  const kept = writer.acknowledged()
  must(
    'the primary of the database is killed: both talks go on',
    alive(callers) && (await talks(story)) === 2,
  )
  await until('the standby is primary', async () => (await database.primary()) !== null, 60_000)
  must(`the standby is primary after ${since(at)}`, true)
  await until('a note is saved again', () => writer.acknowledged() > kept, 30_000)
  await writer.stop()
  must(`notes are saved again after ${since(at)}`, true)
  const found = await notesIn(counsellor, contactId)
  must(`of ${kept} notes acknowledged before it none is lost`, found >= writer.acknowledged())
  await meanwhile
  const rows = await until('everybody has a contact', async () => {
    const known = await allContacts(story.supervisor).catch(() => [])
    return known.length === before + 2 && known
  })
  must(
    'no call ended, and those who came meanwhile have their contacts',
    alive(callers) && rows.length > before,
  )
}

/** The counsellor whose talk is over is free again. */
async function finishWrapUps(story: Story): Promise<void> {
  await until('a counsellor is free again', async () => {
    for (const one of story.counsellors) {
      const { duty } = await one.ask<Desk>('GET', '/desk')
      if (duty?.state !== 'wrap-up') continue
      await one.finishWrapUp()
      return true
    }
    return false
  })
}

async function killAsterisk(story: Story): Promise<void> {
  const [there] = await helpedOf(story.callers)
  const [first, second] = await Promise.all(story.asterisks.map(callersAt))
  const place = there && first?.includes(there.number) ? 0 : 1
  const gone = (place === 0 ? first : second) ?? []
  const lost = story.callers.filter(({ number }) => gone.includes(number))
  const others = story.callers.filter(({ number }) => !gone.includes(number))
  const staying = (await helpedOf(others)).length
  const at = performance.now()
  process.kill(story.asterisks[place].pid, 'SIGKILL')
  await until('its contacts end', async () => {
    const rows = await allContacts(story.supervisor)
    return lost.every((caller) => rowOf(rows, caller)[0]?.outcome === 'failed')
  })
  must(`an Asterisk is killed: its ${lost.length} contacts end as failed after ${since(at)}`, true)
  must('calls of the other go on', alive(others) && (await talks(story)) === staying)
  for (const caller of lost) caller.hangUp()
  const again = await callIn(story, gone)
  must(`its ${again.length} callers ring again and are answered by the other`, alive([...again, ...others]))
  await until('they wait', async () => {
    const rows = await allContacts(story.supervisor)
    return again.every((caller) => rowOf(rows, caller).at(-1)?.state === 'waiting')
  })
  const before = await helpedOf(others)
  await finishWrapUps(story)
  const next = await until('somebody else is helped', async () => {
    const helped = await helpedOf([...again, ...others])
    return helped.find((one) => !before.includes(one)) ?? false
  })
  must(`one of them is helped first, before ${others.length - 1} who waited longer`, again.includes(next))
  await story.again(place)
  await pause(5000)
  await callIn(story, newNumbers(31, 4))
  const back = await callersAt(story.asterisks[place])
  must(`started again, it gets its share: ${back.length} of 4 new calls`, back.length === 2)
}

/** Everybody hangs up; gives all contacts when every call is over. */
async function hangUpAll(story: Story): Promise<ContactRow[]> {
  for (const caller of story.callers) if (!caller.over) caller.hangUp()
  const over = async (): Promise<ContactRow[] | false> => {
    const rows = await allContacts(story.supervisor)
    return rows.every(isOver) && rows
  }
  return until('every call is over', over, 40_000)
}

/** Both talks of the beginning were recorded, and had a recorder or an Asterisk killed under them. */
async function hearRecordings({ supervisor }: Story, rows: readonly ContactRow[]): Promise<void> {
  const told: string[] = []
  for (const { contactId, answeredAt, endedAt } of rows.filter((row) => row.recorded && row.number <= 2)) {
    const { recordings } = await supervisor.ask<Reply<typeof readContact>>('GET', `/contacts/${contactId}`)
    const talked = Date.parse(endedAt ?? '') - Date.parse(answeredAt ?? '')
    const [{ state, durationMs } = { state: 'lost', durationMs: 0 }] = recordings
    const [has, of] = [durationMs ?? 0, talked].map((ms) => Math.round(ms / 1000))
    if (has === undefined || of === undefined || has > of) continue
    if (state === 'kept' ? has >= of - 2 : state === 'truncated' && has > of / 2)
      told.push(`${has} of ${of} s ${state}`)
  }
  must(`the recordings of both talks say whether something is missing: ${told.join(', ')}`, told.length === 2)
}

async function closeAll(story: Story): Promise<void> {
  await story.rejoined
  must('the primary that was killed follows the new one', true)
  const rows = await hangUpAll(story)
  const made = story.callers.length
  must(
    `${made} calls were answered, and there are ${rows.length} contacts, numbered without a gap`,
    rows.length === made && rows.every(({ number }, at) => number === at + 1),
  )
  must(
    "every caller's number is on their contact",
    story.callers.every((caller) => rowOf(rows, caller).length > 0),
  )
  await hearRecordings(story, rows)
  await verify(story.server)
  must('hearthline verify finds no fault', true)
}

/** Plays all of it; throws at the first thing that is not so. */
export async function play(trial: Trial): Promise<void> {
  const [server] = trial.servers
  const story: Story = {
    ...trial,
    callers: [],
    server,
    supervisor: await loginAt(server, 'supervisor'),
    counsellors: [],
    rejoined: Promise.resolve(),
  }
  await sitDown(story, server)
  must('everything runs', true)
  await spread(story)
  await killServer(story)
  await killDatabase(story)
  await killAsterisk(story)
  await hangUpAll(story)
  await playBrowser(story)
  await closeAll(story)
}
