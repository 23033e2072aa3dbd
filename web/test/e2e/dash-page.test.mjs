// DASH in pages that are strict, that are left and come back, that nobody sees, and in browsers that manage what is buffered.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { keysAsked, serveFilms, testsIn } from './dash.mjs'
import { inEach } from './each.mjs'
import { run, until } from './open.mjs'

let site
let films
before(async () => {
  ;({ site, films } = await serveFilms())
})
after(() => site?.close())

const little = { buffer: { ahead: 4 } }

inEach('DASH in a page', { engines: names, limit: 240_000 }, async (t, browser, engine) => {
  const test = testsIn(t, browser, site)

  await test(
    'under the strictest policy: an encrypted film, and one with subtitles',
    async ({ start, finish }) => {
      const log = await start(films['shaka-live-cenc'])
      await finish()
      assert.deepEqual(await keysAsked(site, log), [Object.keys(films['shaka-live-cenc'].keys)])
      await start(films['shaka-live-number'], { textLanguages: 'en' })
      await finish()
    },
    'strict.html',
  )

  if (engine === 'webkit') {
    await test(
      'by a ManagedMediaSource, where the browser says when it wants media',
      async ({ page, start, jump, finish }) => {
        await start(films['shaka-live-number'], little)
        assert.equal(await run(page, 'MediaSource', () => typeof MediaSource), 'undefined')
        await jump(8)
        await jump(1)
        await finish()
        const log = await start(films['hand-formats'], little)
        await finish()
        assert.equal((await keysAsked(site, log)).flat().length, 2)
      },
      'page.html?managed',
    )
  }

  if (engine !== 'chromium') return

  await test('left and come back to: the film plays on', async ({ page, start, reach, finish }, t) => {
    const log = await start(films['shaka-live-cenc'], little)
    await reach(1)
    await run(page, 'mark', () => {
      addEventListener('pageshow', ({ persisted }) => {
        globalThis.persisted = persisted
      })
    })
    await page.goto(`${site.address}test/strict.html`)
    await page.goBack()
    await until(page, 'the script of the page', () => Boolean(globalThis.stage))
    const persisted = await run(page, 'how it came back', () => globalThis.persisted ?? false)
    t.diagnostic(`from the back/forward cache: ${persisted}`)
    if (persisted) await run(page, 'play', () => globalThis.stage.video.play())
    else await start(films['shaka-live-cenc'], little)
    await reach(2)
    await finish()
    assert.equal((await keysAsked(site, log)).length, 1)
  })

  await test('in the background: the film plays to its end', async ({ page, start, reach, ended, errors, told }) => {
    await run(page, 'sound', () => {
      globalThis.stage.video.muted = false // Chromium pauses what nobody sees or hears
    })
    await start(films['shaka-live-number'], little)
    await reach(0.5)
    const other = await browser.newPage()
    await other.goto(`${site.address}test/strict.html`)
    await other.bringToFront()
    await until(page, 'to be hidden', () => document.visibilityState === 'hidden')
    await ended()
    assert.deepEqual(await errors(), [])
    assert.deepEqual(await told('stall'), [])
    await other.close()
    await page.bringToFront()
  })
})
