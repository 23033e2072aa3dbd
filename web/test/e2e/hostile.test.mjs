// Hostile manifests: each plays, or fails with a typed error that says what is wrong; and the same player then plays a good film.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { packaged } from '../dash.mjs'
import { inEach } from './each.mjs'
import { hostile } from './hostile.mjs'
import { openStage, run } from './open.mjs'
import { serve } from './site.mjs'

const good = 'shaka-live-number'
const secret = 'tell-nobody'

let folder
let site
before(async () => {
  const { films } = await packaged()
  folder = mkdtempSync(join(tmpdir(), 'hostile-'))
  cpSync(dirname(films.find(({ name }) => name === good).file), join(folder, 'www', good), { recursive: true })
  writeFileSync(join(folder, 'keys.json'), '{}')
  for (const [i, { mpd }] of hostile.entries()) {
    mkdirSync(join(folder, 'www', `${i}`))
    writeFileSync(join(folder, 'www', `${i}`, 'film.mpd'), mpd)
  }
  site = await serve('-packaged', folder)
})
after(async () => {
  await site?.close()
  rmSync(folder, { recursive: true })
})

/** In the page: loads, and plays a little of what can be played. */
const attempt = async (source) => {
  const { stage } = globalThis
  stage.seen.length = 0
  const error = await stage.load(source)
  if (!error) {
    await stage.video.play()
    await stage.until(() => stage.video.currentTime > 0.2)
  }
  return { error, errors: stage.errors(), hacked: globalThis.hacked ?? null }
}

inEach('hostile manifests', { engines: names, limit: 300_000 }, async (t, browser) => {
  let page
  const prepare = async () => {
    page = await openStage(browser, site)
    await run(page, 'make', () => globalThis.stage.make({ buffer: { ahead: 4 } }))
  }
  await prepare()
  for (const [i, { name, want }] of hostile.entries()) {
    await t.test(`${name}: ${want}`, async () => {
      const source = `/packaged/${i}/film.mpd?token=${secret}`
      const { error, errors, hacked } = await run(page, name, attempt, source)
      assert.equal(hacked, null)
      assert.equal(error?.code ?? 'plays', want, JSON.stringify(error))
      if (error) {
        assert.equal(error.fatal, true)
        assert.ok(error.message.length > 20 && error.message.length < 1000, `the message has ${error.message.length} characters`)
        assert.ok(error.remedy)
        assert.doesNotMatch(JSON.stringify(error), new RegExp(secret))
        assert.equal(errors.length, 1, JSON.stringify(errors))
      }
      assert.deepEqual((await run(page, `a good film after ${name}`, attempt, `/packaged/${good}/film.mpd`)).error, null)
      assert.deepEqual(page.complaints.splice(0), [])
    })
  }
})
