// That the stock browsers can be driven at all, and have what the other tests stand on.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { launch, names } from './browser.mjs'

let address
const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>blank</title>'))

before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://localhost:${server.address().port}/`
})
after(() => server.close())

for (const name of names) {
  test(`${name} has MSE, and Clear Key in both schemes`, async (t) => {
    const browser = await launch(name, { limit: 60_000 })
    t.after(() => browser.close())
    const page = await browser.newPage()
    await page.goto(address)
    const found = await page.evaluate(async () => {
      const contentType = 'video/mp4; codecs="avc1.64001e"'
      const grants = (encryptionScheme) =>
        navigator.requestMediaKeySystemAccess('org.w3.clearkey', [
          { initDataTypes: ['keyids'], videoCapabilities: [{ contentType, encryptionScheme }] },
        ])
      const [cenc, cbcs] = await Promise.all(['cenc', 'cbcs'].map((scheme) => grants(scheme).then((access) => access.keySystem)))
      return { mse: MediaSource.isTypeSupported(contentType), cenc, cbcs }
    })
    assert.deepEqual(found, { mse: true, cenc: 'org.w3.clearkey', cbcs: 'org.w3.clearkey' })
  })

  test(`${name} is killed at its limit, and who waits for it is told`, async () => {
    const browser = await launch(name, { limit: 1000 })
    const ended = new Promise((resolve) => browser.process().once('exit', (_, signal) => resolve(signal)))
    const hang = async () => (await browser.newPage()).evaluate(() => new Promise(() => {}))
    await assert.rejects(hang)
    assert.equal(await ended, 'SIGKILL')
  })
}
