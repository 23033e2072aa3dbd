// That the stock browsers can be driven at all, and have what the other tests stand on.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { launch, names, withEME } from './browser.mjs'

let address
const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>blank</title>'))

before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://localhost:${server.address().port}/`
})
after(() => server.close())

for (const name of names.filter((name) => withEME.includes(name))) {
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
}

for (const name of names) {
  test(`${name} is killed at its limit, and who waits for it is told`, async () => {
    const browser = await launch(name, { limit: 1000 })
    const ended = new Promise((resolve) => browser.process().once('exit', (_, signal) => resolve(signal)))
    const hang = async () => (await browser.newPage()).evaluate(() => new Promise(() => {}))
    await assert.rejects(hang)
    assert.equal(await ended, 'SIGKILL')
  })
}

if (names.includes('webkit')) {
  test('webkit has MSE, also managed, and no EME', async (t) => {
    const page = await webkitPage(t)
    const found = await page.evaluate(() => [
      MediaSource.isTypeSupported('video/mp4; codecs="avc1.64001e,mp4a.40.2"'),
      MediaSource.isTypeSupported('video/webm; codecs="vp8,vorbis"'),
      'ManagedMediaSource' in window,
      'requestMediaKeySystemAccess' in navigator,
    ])
    assert.deepEqual(found, [true, true, true, false])
  })

  test('what a webkit page gives, throws and says comes back', async (t) => {
    const page = await webkitPage(t)
    const [said, complaints] = [[], []]
    page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(error.message))
    assert.deepEqual(await page.evaluate((a, b) => ({ sum: a.n + b, none: null }), { n: 1 }, 2), { sum: 3, none: null })
    assert.equal(await page.evaluate(() => {}), undefined)
    await assert.rejects(
      page.evaluate(async () => {
        throw new TypeError('on purpose')
      }),
      /TypeError: on purpose/,
    )
    await page.evaluate(() => {
      console.warn('a', { b: 1 }, new Error('c'))
      setTimeout(() => {
        throw new RangeError('d')
      })
      Promise.reject(new RangeError('e'))
      return new Promise((resolve) => setTimeout(resolve, 50))
    })
    await page.evaluate(() => {})
    assert.match(said.join(), /^warn: a {"b":1} Error: c/)
    assert.deepEqual(complaints.sort(), ['RangeError: d', 'RangeError: e'])
  })

  test('two webkit pages run at once, and one that goes elsewhere tells who waits', async (t) => {
    const page = await webkitPage(t)
    const other = await page.browser().newPage()
    await other.goto(address)
    const slow = page.evaluate(() => new Promise((resolve) => Object.assign(window, { resolve })))
    const gone = assert.rejects(
      other.evaluate(() => new Promise(() => {})),
      /gone elsewhere/,
    )
    await page.evaluate(() => window.resolve('slow'))
    assert.equal(await slow, 'slow')
    await other.goto(`${address}?elsewhere`)
    await gone
    await other.close()
  })

  test('webkit that hangs is killed with all its processes', async (t) => {
    const page = await webkitPage(t, { patience: 1500 })
    const group = page.browser().process().pid
    const hang = page.evaluate(() => {
      for (;;);
    })
    await assert.rejects(hang, { hung: true })
    while (alive(group)) await new Promise((resolve) => setTimeout(resolve, 20))
    await assert.rejects(page.browser().newPage())
  })
}

async function webkitPage(t, options) {
  const browser = await launch('webkit', { limit: 60_000, ...options })
  t.after(() => browser.close())
  const page = await browser.newPage()
  await page.goto(address)
  return page
}

/** Whether a process of a group is still more than an entry in the table of processes. */
function alive(group) {
  const all = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' })
  return all.split('\n').some((line) => Number(line.trim().split(/\s+/)[0]) === group && !/\sZ/.test(line))
}
