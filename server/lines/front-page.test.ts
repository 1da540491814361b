import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openTestApp } from '../../test/app.ts'
import { aHotline } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { openLine } from './lines.ts'
import { filledPage } from './public-routes.ts'

const { db } = await openTestApp(undefined, () => undefined)
const file = readFileSync(new URL('../../web/index.html', import.meta.url), 'utf8')

test('the public page says the number without JavaScript, and a name cannot bring markup into it', async () => {
  expect(await filledPage(file, db, new Date())).toContain('心理援助热线')
  const hotlineId = await aHotline(db)
  await inHotline(db, hotlineId, (tx) =>
    openLine(
      tx,
      hotlineId,
      { name: '<b>夜间&线路', number: '12356', kind: 'general', everybody: true },
      { personId: null, now: new Date() },
    ),
  )
  const html = await filledPage(file, db, new Date())
  expect(html).toContain('href="tel:12356"')
  expect(html).toContain('&lt;b&gt;夜间&amp;线路')
  expect(html).not.toContain('<!--lines-->')
  expect(html).not.toContain('<!--hotline-->')
})
