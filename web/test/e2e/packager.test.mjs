// The story of examples/packager: a film is encrypted by a Go program, served, and played by the page that the program wrote.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { open, openStage, run, until } from './open.mjs'
import { films, serve } from './site.mjs'

const root = join(import.meta.dirname, '../../..')
const readme = readFileSync(join(root, 'examples/packager/README.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'keystream-packager-'))
const { frames } = films['mp4-fragmented']
const file = 'examples/media/mp4-fragmented.mp4'

/** What the README has one run, and another way. The README's folder becomes one of the test's. */
const commands = {
  readme: readme.match(/^ {4}go (run \.\/examples\/packager .*)$/m)[1].replace('/tmp/film', join(folder, 'readme')),
  cenc: `run ./examples/packager -out ${join(folder, 'cenc')} -title Tide ${file}`,
}
const sites = {}

before(async () => {
  for (const [name, command] of Object.entries(commands)) {
    execFileSync('go', command.split(' '), { cwd: root })
    sites[name] = await serve('-packaged', join(folder, name))
  }
})
after(async () => {
  await Promise.all(Object.values(sites).map((site) => site.close()))
  rmSync(folder, { recursive: true })
})

inEach('examples/packager', { limit: 180_000 }, async (t, browser, engine) => {
  for (const [name, command] of Object.entries(commands)) {
    const site = () => sites[name]

    await t.test(`the page of: ${command.replaceAll(folder, '')}`, async () => {
      const page = await open(browser, 'about:blank') // a page that is loaded anew may have asked for a licence just before
      const licenses = []
      page.on('request', (request) => request.url().endsWith('/license') && licenses.push(request.method()))
      await page.goto(`${site().address}packaged/`)
      await until(page, 'the film', () => document.querySelector('#said').textContent.startsWith('Decrypted by the browser'))
      await run(page, 'play', () => Object.assign(document.querySelector('video'), { playbackRate: 4 }).play())
      await until(page, 'the end', () => document.querySelector('video').ended || !document.querySelector('#error').hidden)
      const seen = await run(page, 'the page', () => ({
        error: document.querySelector('#error').textContent,
        title: document.querySelector('h1').textContent,
        frames: document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames,
      }))
      assert.deepEqual([seen.error, seen.title], ['', name === 'cenc' ? 'Tide' : 'mp4-fragmented'])
      if (engine === 'chromium') assert.equal(seen.frames, frames)
      assert.deepEqual(licenses, ['POST'])
      assert.deepEqual([page.complaints, page.said], [[], []])
      await page.close()
    })

    await t.test(`the same film, decrypted in software: ${name}`, async () => {
      const page = await openStage(browser, site())
      const config = { keySystems: { 'org.w3.clearkey': { license: '/license' } }, softwareClearKey: 'always' }
      const played = await run(page, 'play', (config) => globalThis.stage.play(['/packaged/video.mp4', '/packaged/audio.mp4'], config, 4), config)
      assert.equal(played.ended, true)
      if (engine === 'chromium') assert.equal(played.frames, frames)
      assert.equal(await run(page, 'software', () => globalThis.stage.player.software), true)
      await page.close()
    })
  }

  await t.test('a licence server without the key: the page says so, and tries again', async () => {
    const page = await open(browser, `${sites.cenc.address}packaged/`)
    await page.setRequestInterception(true)
    let down = true
    page.on('request', (request) => (down && request.url().endsWith('/license') ? request.respond({ status: 404 }) : request.continue()))
    await page.reload()
    await until(page, 'the error', () => !document.querySelector('#again').hidden)
    assert.match(await run(page, 'error', () => document.querySelector('#error').textContent), /404.*LICENSE_HTTP/)
    down = false
    await page.click('#again')
    await until(page, 'the film', () => document.querySelector('#said').textContent.startsWith('Decrypted by'))
    assert.equal(await run(page, 'error', () => document.querySelector('#error').hidden), true)
    await page.close()
  })
})

inEach('examples/packager, without EME', { engines: ['webkit'] }, async (t, browser) => {
  for (const name of Object.keys(commands)) {
    await t.test(`the page plays by itself: ${name}`, async () => {
      const page = await open(browser, `${sites[name].address}packaged/`)
      await until(page, 'the film', () => document.querySelector('#said').textContent === 'Decrypted by Keystream, in this page.')
      await run(page, 'play', () => Object.assign(document.querySelector('video'), { playbackRate: 4 }).play())
      await until(page, 'the end', () => document.querySelector('video').ended || !document.querySelector('#error').hidden)
      assert.equal(await run(page, 'error', () => document.querySelector('#error').textContent), '')
      assert.deepEqual(page.complaints, [])
      await page.close()
    })
  }
})
