// DASH over networks as they are: slow, with holes, cut.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { serveFilms, stallsOf, testsIn } from './dash.mjs'
import { inEach } from './each.mjs'
import { run } from './open.mjs'
import { newRun } from './site.mjs'

let site
let films
before(async () => {
  ;({ site, films } = await serveFilms())
})
after(() => site?.close())

const little = { buffer: { ahead: 4 } }

/** A film in four qualities, begun as on a fast line. */
const slow = { buffer: { ahead: 8 }, abr: { startBitrate: 3_000_000, limitToSize: false } }

inEach('DASH on a bad network', { engines: names, limit: 300_000 }, async (t, browser, engine) => {
  const test = testsIn(t, browser, site)

  await test('the network gets slow: the quality falls and stays low, and the film plays on', async ({ start, reach, ended, errors, told }, t) => {
    const line = newRun(`${engine}-line`)
    const carry = async (kbits) => {
      const response = await fetch(`${site.address}throttle/${line}?kbits=${kbits}&latency=20`, { method: 'POST' })
      assert.equal(response.status, 204)
    }
    await carry(4000)
    await start({ name: 'aurora', mpd: '/media/dash/aurora.mpd', scheme: 'cenc' }, slow, { under: `/throttle/${line}`, rate: 2 })
    await reach(1)
    await carry(340) // which is enough for the lowest quality at this rate, and for no other
    await reach(20)
    await ended()
    const heights = (await told('request'))
      .filter(({ kind, status, cancelled }) => kind === 'media' && status === 206 && !cancelled)
      .flatMap(({ url }) => url.match(/aurora-(\d+)\.mp4$/)?.[1] ?? [])
      .map(Number)
    assert.equal(heights[0], 720, `${heights}`)
    const fallen = heights.findIndex((height) => height <= 360)
    assert.ok(fallen > 0 && fallen < 8 && heights.slice(fallen).every((height) => height <= 360) && heights.includes(240), `${heights}`)
    // A decoder that is late at twice the speed is no fault of the line: three browsers share this machine.
    const stalls = stallsOf(await told('stall'), 'network', 'gap')
    assert.ok(stalls.length <= 2, JSON.stringify(stalls))
    assert.deepEqual(await errors(), [])
    t.diagnostic(`${engine}: ${heights}, ${stalls.length} stalls`)
  })

  await test('a server without files: the next one has them, and is asked from then on', async ({ start, finish, told, errors }) => {
    await start(films['hand-base-urls'], little)
    await finish()
    const failed = (await told('request')).filter(({ url }) => url.includes('/nowhere/'))
    assert.ok(failed.length >= 1 && failed.length <= 4, `${failed.length} requests to the server without files`)
    assert.deepEqual(await errors(), [])
  })

  await test('a segment that one quality lacks is played in another', async ({ start, ended, errors, pictures }) => {
    await start(
      films['shaka-live-number'],
      { ...little, abr: { maxHeight: 234, startBitrate: 3_000_000 } },
      { under: '/fault/without-v234-3.m4s', rate: 4 },
    )
    await ended()
    assert.ok((await pictures()).includes('144-3'), `${await pictures()}`)
    assert.deepEqual(await errors(), [])
  })

  await test('a segment that is nowhere is jumped over, with one error that is not fatal', async ({ start, ended, errors }) => {
    const under = [144, 234, 360].map((height) => `/fault/without-v${height}-3.m4s`).join('')
    await start(films['shaka-live-number'], little, { under, rate: 2 })
    await ended()
    const all = await errors()
    assert.deepEqual(
      all.map(({ code, fatal, stage, httpStatus }) => ({ code, fatal, stage, httpStatus })),
      [{ code: 'FETCH_HTTP', fatal: false, stage: 'fetch', httpStatus: 404 }],
      JSON.stringify(all),
    )
    assert.match(all[0].url, /v\d+-3\.m4s$/)
    assert.notEqual(all[0].remedy, '')
  })

  await test('a server that fails for a moment', async ({ start, ended, errors, told }) => {
    // The server counts the failures of a path, which the engines would share.
    const film = { chromium: 'shaka-live-number', firefox: 'shaka-live-time', webkit: 'shaka-live-constant' }[engine]
    await start(films[film], little, { under: '/fault/status-503x1', rate: 4 })
    await ended()
    const requests = await told('request')
    assert.ok(requests.filter(({ status }) => status === 503).length >= 12, 'nothing failed')
    assert.deepEqual(await errors(), [])
  })

  await test('a server that has the manifest only: one fatal error that says so', async ({ page }) => {
    const message = await run(
      page,
      'load',
      async (source) => {
        await globalThis.stage.make({})
        return globalThis.stage.load(source)
      },
      `/fault/without-v144-init.mp4/fault/without-v234-init.mp4/fault/without-v360-init.mp4${films['shaka-live-number'].mpd}`,
    )
    assert.deepEqual([message?.code, message?.fatal, message?.httpStatus], ['FETCH_HTTP', true, 404], JSON.stringify(message))
    assert.match(message.url, /-init\.mp4$/)
  })

  if (engine === 'chromium') {
    await test('offline, and online again: no error, and the film goes on', async ({ page, start, reach, finish, errors, asked }) => {
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
      await finish()
      assert.ok((await asked()).length > before)
      assert.deepEqual(await errors(), [])
    })
  }
})
