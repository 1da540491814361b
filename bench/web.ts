/* What a browser loads: measured by a real one, over the product as a newcomer starts it. */
import { chromium, type Page } from '@playwright/test'
import { chromiumFlags } from '../test/chromium.ts'
import { startProduct } from '../test/product.ts'
import { report } from './figure.ts'

/** Kilobytes over the wire (headers not counted) until the page is quiet. */
const loaded = async (page: Page, visit: () => Promise<unknown>): Promise<number> => {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  let bytes = 0
  session.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
  await visit()
  await page.waitForLoadState('load')
  await page.waitForTimeout(1500)
  return bytes / 1000
}

/** public_kb and desk_kb: compressed, all that the page loads. */
export const web = async (): Promise<void> => {
  const product = await startProduct()
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: chromiumFlags })
  try {
    const anyone = await browser.newPage()
    const publicKb = await loaded(anyone, () => anyone.goto(product.web))
    report({ bench: 'web', figure: 'public_kb', value: publicKb, unit: 'kB' })
    const page = await browser.newPage()
    await page.request.post(`${product.web}/api/v1/session`, {
      headers: { origin: product.web },
      data: { name: 'counsellor1', passphrase: 'hearthline-demo' },
    })
    const deskKb = await loaded(page, () => page.goto(`${product.web}/desk`))
    report({ bench: 'web', figure: 'desk_kb', value: deskKb, unit: 'kB' })
  } finally {
    await browser.close()
    await product.stop()
  }
}
