// Every committed film, through keystream.js and player.wasm, in real browsers: to its end, with all its frames, and with one licence.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { asked, idsOf, play, playAll } from './play.mjs'
import { clearKey, filesOf, films, keysOf, newRun, pathOf, serve, unplayable } from './site.mjs'

const playable = Object.keys(films).filter((name) => !unplayable.includes(name))
const encrypted = playable.filter((name) => films[name].encrypted)

const clear = playable.filter((name) => !films[name].encrypted && films[name].fragmented && films[name].files.length === 1)

let site
before(async () => {
  site = await serve()
})
after(() => site.close())

inEach('films', { limit: 400_000 }, async (t, browser, engine) => {
  const page = await openStage(browser, site)
  t.afterEach(() => assert.deepEqual(page.complaints.splice(0), []))

  for (const film of playable) {
    const { encrypted, rotation } = films[film]
    await t.test(`${film} plays to its end${rotation ? ', each key asked for once' : encrypted ? ' with one licence' : ''}`, async () => {
      const mode = films[film].fragmented ? 'mse' : 'direct'
      const log = await playAll(page, engine, film, { film, mode, source: (log) => filesOf(film, log) })
      const licenses = await asked(site, log)
      if (rotation) assert.deepEqual(licenses.flat().sort(), idsOf(film))
      else assert.deepEqual(licenses, encrypted ? [idsOf(film)] : [])
    })
  }

  for (const film of encrypted) {
    await t.test(`${film} asks nobody when the page has the keys`, async () => {
      const log = newRun(film)
      const config = keysOf(film)
      config.keySystems['org.w3.clearkey'].license = `/license?run=${log}`
      const load = async (source, config) => {
        await globalThis.stage.make(config)
        return globalThis.stage.load(source)
      }
      assert.equal(await run(page, 'load', load, filesOf(film, log), config), null)
      assert.deepEqual(await asked(site, log), [])
    })
  }

  await t.test('the server is asked for the key that the page lacks', async () => {
    const film = 'mp4-cenc-two-keys'
    const [have, lack] = idsOf(film)
    const log = newRun('lack')
    const config = clearKey({ license: `/license?run=${log}`, keys: { [have]: films[film].keys[have] } })
    await playAll(page, engine, 'lack', { film, source: (log) => filesOf(film, log), config })
    const bodies = await asked(site, log)
    assert.deepEqual(new Set(bodies.map(String)), new Set([lack]))
  })

  for (const film of ['mp4-cens', 'mp4-cbc1']) {
    await t.test(`${film} is refused by name where software may not decrypt it`, async () => {
      const config = { ...keysOf(film), softwareClearKey: 'never' }
      const error = await run(page, 'play', (...args) => globalThis.stage.play(...args), filesOf(film, newRun(film)), config)
      assert.deepEqual([error.code, error.stage, error.keySystem], ['KEY_SYSTEM_REFUSED', 'negotiate', 'org.w3.clearkey'])
      assert.match(error.message, new RegExp(films[film].scheme))
    })
  }

  // What a browser does by itself, without Keystream: it decrypts through src, or not.
  const directly = async (url, keys) => {
    const access = await navigator.requestMediaKeySystemAccess('org.w3.clearkey', [
      { initDataTypes: ['cenc', 'keyids', 'webm'], videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.4d401e"' }] },
    ])
    const video = document.createElement('video')
    video.muted = true
    await video.setMediaKeys(await access.createMediaKeys())
    const session = video.mediaKeys.createSession()
    session.addEventListener('message', () => session.update(new TextEncoder().encode(JSON.stringify({ keys }))))
    video.addEventListener('encrypted', (event) => session.generateRequest(event.initDataType, event.initData))
    return new Promise((resolve) => {
      video.addEventListener('ended', () => resolve(true))
      video.addEventListener('error', () => resolve(false))
      video.src = url
      video.playbackRate = 8
      video.play().catch(() => {})
    })
  }
  const base64url = (hex) => Buffer.from(hex, 'hex').toString('base64url')
  const direct = { 'mp4-cenc-progressive': false, 'mp4-cenc-muxed': false, 'webm-vp8-vorbis-cenc-video': engine === 'chromium' }
  for (const [film, decrypts] of Object.entries(direct)) {
    await t.test(`${film} through src ${decrypts ? 'plays' : 'is refused, as the browser refuses it'}`, async () => {
      const keys = Object.entries(films[film].keys).map(([kid, k]) => ({ kty: 'oct', kid: base64url(kid), k: base64url(k) }))
      assert.equal(await run(page, 'plain JavaScript', directly, filesOf(film, newRun('plain'))[0], keys), decrypts)

      const what = { film, config: { ...keysOf(film), mode: 'direct', softwareClearKey: 'never' }, source: (log) => filesOf(film, log) }
      if (decrypts) {
        await playAll(page, engine, film, { ...what, mode: 'direct' })
        return
      }
      const error = await play(page, engine, film, what)
      assert.deepEqual([error.code, error.stage, error.fatal], ['DIRECT_ENCRYPTED_UNSUPPORTED', 'decode', true])
      assert.match(error.remedy, /MSE/)
    })
  }

  for (const film of clear) {
    for (const mode of ['direct', 'mse']) {
      await t.test(`${film} plays in mode ${mode} when told to`, () =>
        playAll(page, engine, film, { film, mode, config: { mode }, source: (log) => filesOf(film, log) }),
      )
    }
  }

  await t.test('five chunks are five requests after that for the head, and each byte comes once', async () => {
    const film = 'mp4-fragmented'
    const log = await playAll(page, engine, 'chunks', { film, source: (log) => ({ url: filesOf(film, log)[0], chunks: 5 }) })
    const ranges = (await site.log(log, '.mp4')).map(({ range }) =>
      range
        .match(/^bytes=(\d+)-(\d+)$/)
        .slice(1)
        .map(Number),
    )
    assert.equal(ranges.length, 6)
    const size = readFileSync(pathOf(films[film].files[0])).length
    ranges.sort(([a], [b]) => a - b)
    ranges.forEach(([from, to], i) => {
      const next = ranges[i + 1]?.[0] ?? size
      assert.equal(to + 1, next, `from ${from}`)
    })
  })

  await t.test('a declared type that lies is corrected', async () => {
    const film = 'mp4-fragmented'
    await playAll(page, engine, 'lie', { film, source: (log) => ({ url: filesOf(film, log)[0], type: 'video/webm; codecs="vp8, vorbis"' }) })
    const types = await run(page, 'types', () => globalThis.stage.seen.findLast(({ type }) => type === 'statechange').detail.types)
    assert.deepEqual(types, ['video/mp4; codecs="avc1.4d401e,mp4a.40.2"'])
  })

  const own = { File: 'mp4-progressive', Blob: 'webm-vp9-opus', 'File in chunks': 'mp4-fragmented', 'array of Files': 'mp4-cenc' }
  for (const [shape, film] of Object.entries(own)) {
    await t.test(`${film} plays as ${shape}, whatever type that declares`, () =>
      playAll(page, engine, shape, { film, mode: films[film].fragmented ? 'mse' : 'direct', source: (log) => ({ own: filesOf(film, log), shape }) }),
    )
  }
})
