/* A hotline in tests: real database, switchboard and recorder, our own phones as callers and seats, and the calls. */
import { inHotline } from '../../db/database.ts'
import { newId } from '../../db/id.ts'
import { openSounds, trunkFor } from '../../lines/lines.ts'
import { registerShipped } from '../../lines/prompts.ts'
import { seatSpecs } from '../../lines/seats.ts'
import { openKeys, type Keys } from '../../records/keys.ts'
import { startPhone, type Phone, type PhoneCall } from '../../../switchboard/testing/phone.ts'
import { House, until } from '../../../telephony/testing/house.ts'
import { connectSwitchboard } from '../../../telephony/switchboard.ts'
import { aHotline, aLine, aPerson, aSeat, type TestDatabase } from '../../../test/database.ts'
import { pauseOrResume } from '../../roster/roster.ts'
import { startCalls, type Calls } from '../calls.ts'

/** A contact as a test looks at it. */
export interface Seen {
  contact_id: string
  number: number
  state: string
  outcome: string | null
  risk: string | null
  consent: string | null
  ended_by: string | null
  person_id: string | null
  phase: string
  satisfaction: number | null
  line_id: string
  channel: string
}

/** A seat with a desk phone and the counsellor who owns it. */
export interface Seat {
  seatId: string
  sipUser: string
  personId: string
  password: string
  phone: Phone
  /** The phone as it is at the second switchboard; the same where there is none. */
  there: Phone
}

/** The hall: everything of one hotline, ended by close(). */
export class Hall {
  readonly data: TestDatabase
  readonly house: House
  /** A second switchboard of the same hotline, where a test wants one. */
  readonly other: House | null
  readonly hotlineId: string
  readonly line: { lineId: string; number: string }
  readonly keys: Keys
  calls!: Calls
  readonly phones: Phone[] = []
  readonly logged: string[] = []

  private constructor(
    data: TestDatabase,
    houses: { house: House; other: House | null },
    hotlineId: string,
    line: Hall['line'],
  ) {
    const { house } = houses
    this.data = data
    this.house = house
    this.other = houses.other
    this.hotlineId = hotlineId
    this.line = line
    this.keys = openKeys(house.data, null)
  }

  static async open(data: TestDatabase, switchboards: 1 | 2 = 1): Promise<Hall> {
    const house = await House.open()
    const other = switchboards === 2 ? await House.open() : null
    const hotlineId = await aHotline(data.db)
    const line = await aLine(data.db, hotlineId)
    const hall = new Hall(data, { house, other }, hotlineId, line)
    await hall.keys.makeRecordingKeys(hotlineId)
    await inHotline(data.db, hotlineId, (tx) => registerShipped(tx, hotlineId, house.data))
    await hall.startServer()
    return hall
  }

  /** Starts the calls slice as a server process would, and waits until it controls the switchboard. */
  async startServer(): Promise<void> {
    this.calls = this.newServer()
    await until('the server controls the switchboard', () => this.calls.controls())
  }

  /** One more server process. */
  newServer(): Calls {
    const { data, house, other, keys, hotlineId } = this
    return startCalls({
      db: data.db,
      keys,
      sounds: openSounds(data.db, house.data),
      dataFolder: house.data,
      now: () => Date.now(),
      log: (message, fields) => this.logged.push(`${message} ${JSON.stringify(fields ?? {})}`),
      switchboardName: house.data,
      connect: async (on) => {
        const seats = await inHotline(data.db, hotlineId, (tx) => seatSpecs(tx, keys, hotlineId))
        const url = other ? `${house.ariUrl} ${other.ariUrl}` : house.ariUrl
        return connectSwitchboard({ url, app: 'hotline', on, seats })
      },
      trunkFor: (of, ...given) => inHotline(data.db, of, (tx) => trunkFor(tx, ...given)),
      changed: () => undefined,
    })
  }

  /** A counsellor with a desk phone that registers: on duty from then on. */
  async seat(): Promise<Seat> {
    const { db } = this.data
    const { personId } = await aPerson(db, this.hotlineId, { lines: [this.line.lineId] })
    const { seatId, sipUser } = await aSeat(db, this.hotlineId, { kind: 'phone', ownerId: personId })
    const password = 'a seat password'
    await this.data.owner('update seat set sip_secret_sealed = $1 where seat_id = $2', [
      this.keys.seal(this.hotlineId, password),
      seatId,
    ])
    await this.calls.shell.switchboard?.putSeat({ seat: sipUser, kind: 'phone', secret: { password } })
    const phone = await this.phone({ user: sipUser, password })
    const there = this.other && (await this.phone({ user: sipUser, password }, this.other))
    await until('the seat is on duty', async () => {
      const rows = await this.data.owner('select from duty where seat_id = $1', [seatId])
      return rows.length === 1
    })
    return { seatId, sipUser, personId, password, phone, there: there ?? phone }
  }

  /** The seat's counsellor pauses. */
  async pause(seat: Seat, reason: 'meal'): Promise<void> {
    const wanted = { state: 'paused', reason } as const
    const after = await inHotline(this.data.db, this.hotlineId, (tx) =>
      pauseOrResume(tx, this.hotlineId, seat.personId, wanted, Date.now()),
    )
    this.calls.seatChanged(this.hotlineId, seat.seatId, after, seat.personId)
  }

  async phone(login?: { user: string; password: string }, at = this.house): Promise<Phone> {
    const phone = await startPhone(at.sipPort, login)
    this.phones.push(phone)
    if (login) await phone.registered()
    return phone
  }

  /** A trunk that leads to this phone for every number; of several the lowest `rank` is tried first. */
  async trunkTo(phone: Phone, rank = 1): Promise<void> {
    await this.trunkToPort(phone.stack.ports.sip, rank)
  }

  /** A trunk that leads to this port of 127.0.0.1, whatever is there. */
  async trunkToPort(port: number, rank = 1): Promise<void> {
    await this.data.owner(
      `insert into trunk (trunk_id, hotline_id, name, kind, host, port, outbound_patterns, rank, caller_number)
        values ($1, $2, $4, 'address', '127.0.0.1', $3, '{*}', $5, '057112356')`,
      [newId(), this.hotlineId, port, `outside-${port}`, rank],
    )
    const spec = {
      trunk: `outside-${port}`,
      host: '127.0.0.1',
      port,
      transport: 'udp',
      from: [],
      register: false,
      trusted: true,
    } as const
    await this.calls.shell.switchboard?.putTrunk({ ...spec, from: [] })
  }

  /** Somebody calls the line and is answered. */
  async caller(number = this.line.number): Promise<PhoneCall> {
    const call = await (await this.phone()).dial(number, '13800001111')
    let answered = false
    void call.answered.then(() => (answered = true))
    void call.ended.then((end) => this.logged.push(`the call ended: ${JSON.stringify(end)}`))
    await until('the caller is answered', () => answered).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${this.logged.join('\n')}`)
    })
    return call
  }

  /** The contact with this number of the hotline. */
  async contact(number = 1): Promise<Seen | undefined> {
    const [seen] = await this.data.owner<Seen & Record<string, unknown>>(
      `select contact_id, number::int, state, outcome, risk, consent, ended_by, person_id, satisfaction, line_id, channel,
        call->>'phase' as phase from contact where hotline_id = $1 and number = $2`,
      [this.hotlineId, number],
    )
    return seen
  }

  /** Waits until the contact is as described. */
  async becomes(wanted: Partial<Seen>, number = 1, withinMs = 15_000): Promise<Seen> {
    let last: Seen | undefined
    try {
      await until(
        'a contact',
        async () => {
          last = await this.contact(number)
          const seen: Record<string, unknown> = { ...last }
          return last !== undefined && Object.entries(wanted).every(([key, value]) => seen[key] === value)
        },
        withinMs,
      )
    } catch {
      throw new Error(
        `the contact is ${JSON.stringify(last)}, not ${JSON.stringify(wanted)}: ${this.logged.join('\n')}`,
      )
    }
    if (!last) throw new Error('no contact')
    return last
  }

  /** What the contact's timeline says, in order. */
  async timeline(number = 1): Promise<string[]> {
    const rows = await this.data.owner<{ kind: string }>(
      `select e.kind from contact_event e join contact c using (contact_id)
        where c.hotline_id = $1 and c.number = $2 order by e.seq`,
      [this.hotlineId, number],
    )
    return rows.map((row) => row.kind)
  }

  async dutyOf(seat: Seat): Promise<{ state: string; reason: string | null } | undefined> {
    const [row] = await this.data.owner<{ state: string; reason: string | null }>(
      'select state, reason from duty where seat_id = $1',
      [seat.seatId],
    )
    return row
  }

  async close(): Promise<void> {
    for (const phone of this.phones) await phone.stop()
    await this.calls.stop()
    await this.house.close()
    await this.other?.close()
  }
}
