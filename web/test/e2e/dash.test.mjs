// DASH films of packagers that are not ours, through keystream.js and player.wasm, in real browsers: to their end, with one licence for what one covers.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { packaged } from '../dash.mjs'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { clearKey, newRun, serve } from './site.mjs'

let site
let films
before(async () => {
  const made = await packaged()
  films = made.films.filter(({ name }) => !process.env.FILM || name.includes(process.env.FILM))
  site = await serve('-packaged', made.folder)
})
after(() => site?.close())

inEach('DASH', { engines: names, limit: 600_000 }, async (t, browser, engine) => {
  const page = await openStage(browser, site)
  t.afterEach(() => assert.deepEqual(page.complaints.splice(0), []))

  for (const { name, mpd, scheme, rotation, duration, keys } of films) {
    await t.test(`${name} plays to its end`, async () => {
      const log = newRun(name)
      const config = scheme ? clearKey({ license: `/license?run=${log}` }) : {}
      // Firefox waits for ever for keys that it has, whoever gives it them and when, where cbcs takes its keys from sample groups.
      if (engine === 'firefox' && scheme === 'cbcs' && rotation) config.softwareClearKey = 'always'
      const result = await run(page, `play ${name}`, (...args) => globalThis.stage.play(...args), `${mpd}?run=${log}`, config, 8)
      assert.equal(result.ended, true, JSON.stringify(result))
      assert.deepEqual(await run(page, 'errors', () => globalThis.stage.errors()), [])
      const end = await run(page, 'time', () => globalThis.stage.video.currentTime)
      assert.ok(Math.abs(end - duration) < 0.5, `it ended at ${end} of ${duration} s`)
      const licenses = await site.log(log, '/license')
      const asked = licenses.flatMap(({ body }) => JSON.parse(body).kids.map((kid) => Buffer.from(kid, 'base64url').toString('hex')))
      assert.deepEqual([...new Set(asked)].sort(), asked.sort(), 'a key was asked for twice')
      if (scheme) assert.ok(asked.length > 0)
      for (const kid of asked) assert.ok(kid in keys)
    })
  }
})
