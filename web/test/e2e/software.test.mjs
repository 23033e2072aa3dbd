// Clear Key by Keystream's own CDM: every encrypted film in three engines, who decrypts and why, and what is said when decryption cannot go on.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { asked, idsOf, playAll } from './play.mjs'
import { clearKey, filesOf, films, insecure, keysOf, newRun, serve } from './site.mjs'

const encrypted = Object.keys(films).filter((name) => films[name].encrypted)

/** The mode in which an engine decrypts nothing by itself. */
const own = { chromium: 'always', firefox: 'always', webkit: 'auto' }

/** What browsers do not decrypt, and the word for it in the report. */
const refused = { 'mp4-cens': ['encryption-scheme', 'cens'], 'mp4-cbc1': ['encryption-scheme', 'cbc1'], 'mp4-cenc-progressive': ['src', 'mp4'] }

/** A picture of one film differs from another's by more than this. */
const alike = 20

let site
before(async () => {
  site = await serve()
})
after(() => site.close())

/** In the page: plays to the end by the CDM of ours, and loses its Worker on the way, so many times. */
const losing = async (source, config, times) => {
  const { stage } = globalThis
  const { probe, video } = stage
  const until = async (what) => {
    while (!what()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const before = probe.workers.length
  const kill = async () => {
    for (let i = before; i < before + times; i++) {
      await until(() => probe.workers[i]?.started && video.buffered.length > 0)
      probe.workers[i].worker.terminate()
    }
  }
  const killed = kill()
  await stage.make(config)
  const { rejection, errors } = await stage.suffer(source, 4)
  const started = probe.workers.length - before
  if (started >= times) await killed
  return { rejection, errors, started, ended: video.ended }
}

inEach('software Clear Key', { engines: ['chromium', 'firefox', 'webkit'], limit: 500_000, ...insecure }, async (t, browser, engine) => {
  const test = (name, f, { insecure = false, path } = {}) =>
    t.test(name, async (t) => {
      const page = await openStage(browser, insecure ? { address: site.insecureAddress(engine) } : site, path && { path })
      await f(page, t)
      assert.deepEqual(page.complaints, [])
      await page.close()
    })
  // Whether the picture is right is looked at. A frame that was decoded and came too late to be shown is worth no more than a word.
  const play = (page, film, config) => {
    const drops = (count) => t.diagnostic(`${engine}, ${film}: ${count} frames dropped`)
    return playAll(page, engine, film, { film, source: (log) => filesOf(film, log), config, drops })
  }
  const load = (page, film, config) =>
    run(
      page,
      'load',
      async (source, config) => {
        await globalThis.stage.make(config)
        return globalThis.stage.load(source)
      },
      filesOf(film, newRun(film)),
      config,
    )

  /** Who decrypts, what the browser refused first, and how many Workers there have been. */
  const decrypter = (page) =>
    run(page, 'who decrypts', () => {
      const { probe, seen } = globalThis.stage
      const { software, report, keySystem } = seen.findLast(({ type }) => type === 'statechange').detail
      const system = report.systems.find((system) => system.keySystem === keySystem)
      if (system.software !== software) throw new Error(`the report says otherwise: ${report.text}`)
      return { software, refused: system.refused ? [system.refused.element, system.refused.value] : null, workers: probe.workers.length }
    })

  for (const film of encrypted) {
    const { poster, duration, rotation } = films[film]
    await test(`${film} plays to its end${rotation ? ', each key asked for once' : ' with one licence'}`, async (page) => {
      const log = await play(page, film, { softwareClearKey: own[engine] })
      const licenses = await asked(site, log)
      if (rotation) assert.deepEqual(licenses.flat().sort(), idsOf(film))
      else assert.deepEqual(licenses, [idsOf(film)])
      const { software, refused, workers } = await decrypter(page)
      const why = engine === 'webkit' ? (film === 'mp4-cenc-progressive' ? 'src' : 'eme') : undefined
      assert.deepEqual([software, refused?.[0], workers > 0], [true, why, true])
      // A browser's CDM lets nobody see what it decrypts.
      const difference = await run(page, 'picture', (...args) => globalThis.stage.difference(...args), `/media/${poster}`, Math.min(4, duration / 2))
      assert.ok(difference < alike, `the picture is ${difference} off`)
    })
  }

  if (engine !== 'webkit') {
    for (const film of ['mp4-cenc', 'mp4-cbcs', 'webm-vp9-opus-cenc', ...Object.keys(refused)]) {
      const why = refused[film]
      await test(`auto leaves ${film} to ${why ? 'software' : 'the browser, and starts no Worker'}`, async (page) => {
        assert.equal(await load(page, film, keysOf(film)), null)
        assert.deepEqual(await decrypter(page), { software: Boolean(why), refused: why ?? null, workers: why ? 1 : 0 })
      })
    }
  }

  const without = { chromium: ['secure-context', 'http'], firefox: null, webkit: ['secure-context', 'http'] }
  await test(
    'auto on a page that is not secure: by software, where the browser has no EME there',
    async (page) => {
      await play(page, 'mp4-cenc')
      const { software, refused } = await decrypter(page)
      assert.deepEqual([software, refused], [engine !== 'firefox', without[engine]])
      assert.deepEqual(await run(page, 'context', () => [isSecureContext, Boolean(globalThis.crypto?.subtle)]), [false, false])
    },
    { insecure: true },
  )

  for (const film of ['mp4-cenc', 'mp4-cbcs', 'webm-vp9-opus-cenc']) {
    await test(
      `always on a page that is not secure, without WebCrypto: ${film}`,
      async (page) => {
        await play(page, film, { softwareClearKey: 'always' })
        assert.deepEqual((await decrypter(page)).software, true)
      },
      { insecure: true },
    )
  }

  await test('never leaves refused what the browser refuses', async (page) => {
    const film = 'mp4-cens'
    const { code, report } = await load(page, film, { ...keysOf(film), softwareClearKey: 'never' })
    const { element, value } = report.systems[0].refused
    const wanted = engine === 'webkit' ? ['EME_UNAVAILABLE', 'eme', 'requestMediaKeySystemAccess'] : ['KEY_SYSTEM_REFUSED', ...refused[film]]
    assert.deepEqual([code, element, value], wanted)
    assert.equal(await run(page, 'Workers', () => globalThis.stage.probe.workers.length), 0)
  })

  const always = { ...keysOf('mp4-cenc'), softwareClearKey: 'always' }

  await test('a page whose policy allows the least', (page) => play(page, 'mp4-cenc', { softwareClearKey: 'always' }), { path: 'test/strict.html' })

  for (const file of ['cdm.wasm', 'keystream-cdm.js']) {
    await test(
      `${file} is not there`,
      async (page) => {
        const error = await load(page, 'mp4-cenc', always)
        assert.deepEqual([error?.code, error.stage, error.fatal], ['SOFTWARE_CDM_UNAVAILABLE', 'decrypt', true])
        assert.match(error.message, new RegExp(`${file}.* 404`))
        assert.match(error.remedy, /Serve .*cdm\.wasm/)
        assert.match(error.url, new RegExp(`/dist/${file}$`))
        assert.equal(await load(page, 'mp4-fragmented', {}), null)
        // Firefox says so in its own words too.
        page.complaints = page.complaints.filter((complaint) => !complaint.includes('Loading Worker from'))
      },
      { path: `test/page.html?prefix=/fault/without-${file}` },
    )
  }

  // Every piece of the film comes late, so that there is some left to decrypt.
  const late = (film, log) => filesOf(film, log, '/fault/delay-200ms').map((url) => ({ url, chunks: 20 }))
  const hurried = { path: 'test/page.html?hurry=5' }

  await test(
    'a Worker that dies is started again, and the film goes on with the keys that it has',
    async (page) => {
      const [film, log] = ['mp4-cenc', newRun('worker')]
      const config = { ...clearKey({ license: `/license?run=${log}` }), softwareClearKey: 'always' }
      const { ended, errors, started } = await run(page, 'lose a Worker', losing, late(film, log), config, 1)
      assert.deepEqual([ended, started, errors.filter(({ fatal }) => fatal)], [true, 2, []])
      assert.deepEqual(await asked(site, log), [idsOf(film)])
    },
    hurried,
  )

  await test(
    'a Worker that dies twice ends the film, and the next one plays',
    async (page) => {
      const [film, log] = ['mp4-cenc', newRun('workers')]
      const { errors } = await run(page, 'lose two Workers', losing, late(film, log), always, 2)
      const [error, ...more] = errors.filter(({ fatal }) => fatal)
      assert.deepEqual([error?.code, error?.stage, more], ['SOFTWARE_CDM_FAILED', 'decrypt', []])
      assert.notEqual(error.remedy, '')
      await play(page, film, { softwareClearKey: 'always' })
    },
    hurried,
  )

  await test('a hostile segment is a typed error, and the next film plays with the same player', async (page) => {
    const film = 'mp4-cenc-muxed'
    const source = { own: filesOf(film, newRun('hostile')), shape: 'File whose trun counts too much' }
    const suffer = async (source, config) => {
      await globalThis.stage.make(config)
      return globalThis.stage.suffer(source)
    }
    const { errors } = await run(page, 'hostile', suffer, source, { ...keysOf(film), softwareClearKey: 'always' })
    const [error, ...more] = errors.filter(({ fatal }) => fatal)
    assert.deepEqual([error?.code, error?.stage, more], ['DECRYPT_FAILED', 'decrypt', []])
    assert.match(error.message, /trun/)
    const { ended } = await run(
      page,
      'the film itself',
      async (source) => (await globalThis.stage.load(source)) ?? globalThis.stage.playToEnd(4),
      filesOf(film, newRun('after')),
    )
    assert.equal(ended, true)
    const told = JSON.stringify([await run(page, 'events', () => globalThis.stage.seen), page.said])
    for (const key of Object.values(films[film].keys)) {
      for (const encoding of ['hex', 'base64', 'base64url']) assert.ok(!told.includes(Buffer.from(key, 'hex').toString(encoding)), encoding)
    }
  })
})
