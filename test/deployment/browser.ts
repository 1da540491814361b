/** A counsellor at the page, whose telephone is at both Asterisks: one dies, and callers come by the other. */
import { goOnDuty, aPersonAt, type Person } from '../journeys/person.ts'
import { missing } from '../tools.ts'
import { callersAt } from './machines.ts'
import { hz, newNumbers, type Caller } from './people.ts'
import { callIn, must, type Story } from './story.ts'
import { until } from './programs.ts'

const name = 'counsellor1'

/** Answers by the page whoever rings there, and waits until both hear each other. */
async function answer(person: Person, caller: Caller): Promise<void> {
  await person.page.getByRole('button', { name: /^接听/ }).first().click({ timeout: 30_000 })
  await until('the caller hears the page', () => caller.helped())
  await until('the page hears the caller', async () => (await person.hears(hz.caller)) > -40)
}

/** Puts the caller down, and leaves the record for later. */
async function finish({ page }: Person, caller: Caller): Promise<void> {
  caller.hangUp()
  await page.getByRole('button', { name: /^稍后补完/ }).click()
  await page.getByText(/空闲/).first().waitFor()
}

/** Plays it with nobody else on duty and nobody in the line; says so where there is no Chromium. */
export async function playBrowser(story: Story): Promise<void> {
  const lacking = missing('chromium')
  if (lacking !== null) return console.log(`SKIPPED the counsellor at the page: ${lacking}`)
  for (const phone of story.phones) await phone.stop()
  const person = await aPersonAt(story.server.web, hz.seat, name)
  const says = (words: string): Promise<void> =>
    person.page.getByRole('status').filter({ hasText: words }).waitFor({ timeout: 30_000 })
  try {
    await goOnDuty(person, story.server.web)
    await says('电话就绪')
    process.kill(story.asterisks[0].pid, 'SIGKILL')
    await says('1 台交换机断开')
    must('an Asterisk is killed again: the page says that one is away', true)
    const [first] = await callIn(story, newNumbers(41, 1))
    if (!first) throw new Error('nobody called')
    await answer(person, first)
    must('who calls then is answered at the page, and both hear each other', true)
    await finish(person, first)
    await story.again(0)
    await person.page
      .getByRole('status')
      .filter({ hasText: /^电话就绪$/ })
      .waitFor({ timeout: 30_000 })
    must('started again, the page has both', true)
    await byTheOther(story, person)
  } finally {
    await person.leave()
  }
}

/** Kamailio gives the one that came back every other call. */
async function byTheOther(story: Story, person: Person): Promise<void> {
  for (let number = 42; ; number += 1) {
    const [caller] = await callIn(story, newNumbers(number, 1))
    if (!caller) throw new Error('nobody called')
    const isThere = (await callersAt(story.asterisks[0])).includes(caller.number)
    await answer(person, caller)
    await finish(person, caller)
    if (isThere) break
  }
  must('and is rung by the one that came back', true)
}
