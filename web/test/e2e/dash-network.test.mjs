// DASH over networks as they are: slow, with holes, cut.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { screen, serveFilms, stallsOf } from './dash.mjs'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { newRun } from './site.mjs'

let site
let films
before(async () => {
  ;({ site, films } = await serveFilms())
})
after(() => site?.close())

const little = { buffer: { ahead: 4 } }

inEach('DASH on a bad network', { engines: names, limit: 300_000 }, async (t, browser, engine) => {
  const page = await openStage(browser, site)
  const { start, reach, fast, ended, errors, told, pictures, asked } = screen(page)
  t.afterEach(() => assert.deepEqual(page.complaints.splice(0), []))

  await t.test('the network gets slow: the quality falls and stays low, and the film plays on', async () => {
    const line = newRun(`${engine}-line`)
    const carry = async (kbits) => {
      const response = await fetch(`${site.address}throttle/${line}?kbits=${kbits}&latency=20`, { method: 'POST' })
      assert.equal(response.status, 204)
    }
    await carry(4000)
    await start(films['shaka-live-number'], { ...little, abr: { startBitrate: 3_000_000 } }, { under: `/throttle/${line}` })
    await reach(0.5)
    await carry(220)
    await run(page, 'a while', () => globalThis.stage.until(() => globalThis.stage.video.currentTime > 8))
    await ended()
    const fetched = await pictures()
    assert.ok(fetched[0].startsWith('360'), `${fetched}`)
    const last = (n) => fetched.findLast((name) => name.endsWith(`-${n}`))
    assert.deepEqual([last(5), last(6)], ['144-5', '144-6'])
    const stalls = stallsOf(await told('stall'), 'network', 'decoder', 'gap')
    assert.ok(stalls.length <= 2, JSON.stringify(stalls))
    assert.deepEqual(await errors(), [])
  })

  await t.test('a server without files: the next one has them, and is asked from then on', async () => {
    await start(films['hand-base-urls'], little)
    await fast()
    await ended()
    const failed = (await told('request')).filter(({ url }) => url.includes('/nowhere/'))
    assert.ok(failed.length >= 1 && failed.length <= 4, `${failed.length} requests to the server without files`)
    assert.deepEqual(await errors(), [])
  })

  await t.test('a segment that one quality lacks is played in another', async () => {
    await start(films['shaka-live-number'], { ...little, abr: { maxHeight: 234, startBitrate: 3_000_000 } }, { under: '/fault/without-v234-3.m4s', rate: 4 })
    await ended()
    assert.ok((await pictures()).includes('144-3'), `${await pictures()}`)
    assert.deepEqual(await errors(), [])
  })

  await t.test('a segment that is nowhere is jumped over, with one error that is not fatal', async () => {
    const under = [144, 234, 360].map((height) => `/fault/without-v${height}-3.m4s`).join('')
    await start(films['shaka-live-number'], little, { under, rate: 2 })
    await ended()
    const all = await errors()
    assert.deepEqual(
      all.map(({ code, fatal, stage, httpStatus }) => ({ code, fatal, stage, httpStatus })),
      [{ code: 'SOURCE_HTTP', fatal: false, stage: 'fetch', httpStatus: 404 }],
      JSON.stringify(all),
    )
    assert.match(all[0].url, /v\d+-3\.m4s$/)
    assert.notEqual(all[0].remedy, '')
  })

  await t.test('a server that fails for a moment', async () => {
    await start(films['shaka-live-number'], little, { under: '/fault/status-503x1', rate: 4 })
    await ended()
    const requests = await told('request')
    assert.ok(requests.filter(({ status }) => status === 503).length >= 12, 'nothing failed')
    assert.deepEqual(await errors(), [])
  })

  await t.test('a server that has the manifest only: one fatal error that says so', async () => {
    const message = await run(
      page,
      'load',
      async (source) => {
        await globalThis.stage.make({})
        return globalThis.stage.load(source)
      },
      `/fault/without-v144-init.mp4/fault/without-v234-init.mp4/fault/without-v360-init.mp4${films['shaka-live-number'].mpd}`,
    )
    assert.deepEqual([message?.code, message?.fatal, message?.httpStatus], ['SOURCE_HTTP', true, 404], JSON.stringify(message))
    assert.match(message.url, /-init\.mp4$/)
  })

  if (engine === 'chromium') {
    await t.test('offline, and online again: no error, and the film goes on', async () => {
      await start(films['shaka-live-number'], little)
      await reach(0.5)
      await page.setOfflineMode(true)
      assert.equal(await run(page, 'offline', () => navigator.onLine), false)
      const stall = await run(page, 'a stall', async () => {
        const { stage } = globalThis
        await stage.until(() => stage.told('stall').some(({ cause }) => cause === 'network'))
        return stage.told('stall').at(-1)
      })
      assert.ok(stall.position > 3.5, JSON.stringify(stall))
      const before = (await asked()).length
      await page.setOfflineMode(false)
      await reach(stall.position + 0.5)
      await fast()
      await ended()
      assert.ok((await asked()).length > before)
      assert.deepEqual(await errors(), [])
    })
  }
})
