// What WebKitGTK plays: clear films by MediaSource, by ManagedMediaSource and by src (where it may hang if told to seek after the end), and the demo's pages, where Keystream decrypts for it.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { open, openStage, run, until } from './open.mjs'
import { playAll } from './play.mjs'
import { filesOf, films, serve } from './site.mjs'

const clear = Object.keys(films).filter((name) => !films[name].encrypted)

let site
before(async () => {
  site = await serve()
})
after(() => site.close())

inEach('WebKitGTK', { engines: ['webkit'], limit: 300_000 }, async (t, browser, engine) => {
  for (const film of clear) {
    const { fragmented, poster } = films[film]
    for (const managed of fragmented ? [false, true] : [false]) {
      await t.test(`${film} plays to its end${managed ? ' through a ManagedMediaSource' : ''}`, async () => {
        const page = await openStage(browser, site, { path: `test/page.html${managed ? '?managed' : ''}` })
        await playAll(page, engine, film, { film, mode: fragmented ? 'mse' : 'direct', source: (log) => filesOf(film, log) })
        if (fragmented) {
          const difference = await run(page, 'picture', (...args) => globalThis.stage.difference(...args), `/media/${poster}`, 4)
          assert.ok(difference < 20, `the picture is ${difference} off`)
        }
        assert.deepEqual(page.complaints, [])
        await page.close()
      })
    }
  }

  const pages = ['', 'mse/?film=mp4-tracks', 'clearkey/?film=mp4-cenc&keys=page', 'clearkey/?film=webm-vp9-opus-cenc&keys=server']
  for (const path of pages) {
    await t.test(`the demo's page ${path || 'of all films'}`, async () => {
      const page = await open(browser, site.address + path)
      if (path) {
        await until(page, 'the list', () => !document.querySelector('#load').disabled)
        await page.click('#load')
      }
      await until(page, 'the film to start', () => document.querySelector('keystream-video, video')?.currentTime > 0)
      await run(page, 'rate', () => Object.assign(document.querySelector('keystream-video, video'), { playbackRate: 4 }))
      await until(page, 'the end', () => document.querySelector('#status').textContent === 'ended')
      assert.deepEqual(page.complaints, [])
      await page.close()
    })
  }
})
