// Players that are made, overtaken, closed and killed at every moment; pages without Encrypted Media Extensions.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { filesOf, keysOf, newRun, serve } from './site.mjs'

const film = 'mp4-cenc'
const keys = keysOf(film)

// A name that is no localhost: a page from it by http is no secure context.
const insecure = { args: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'], prefs: { 'network.dns.localDomains': 'insecure.test' } }

let site
before(async () => {
  site = await serve()
})
after(() => site.close())

/** In the page: makes and loads. */
const load = async (source, config) => {
  await globalThis.stage.make(config)
  return { rejection: await globalThis.stage.load(source), errors: globalThis.stage.errors(), secure: globalThis.isSecureContext }
}

/** In the page: whether a player that has been closed left anything behind. */
const leftover = () => {
  const { video, probe, player } = globalThis.stage
  return { state: player.state, src: video.hasAttribute('src'), keys: video.mediaKeys !== null, live: probe.bridge?.live() ?? 0 }
}
const nothing = { state: 'closed', src: false, keys: false, live: 0 }

inEach('players', { limit: 300_000, ...insecure }, async (t, browser, engine) => {
  const source = filesOf(film, newRun('lifecycle'))

  await t.test('no EME: the browser has none', async () => {
    const page = await openStage(browser, site, { before: () => delete Navigator.prototype.requestMediaKeySystemAccess })
    const { rejection, errors } = await run(page, 'load', load, source, { ...keys, softwareClearKey: 'never' })
    assert.deepEqual([rejection.code, rejection.stage, errors.length], ['EME_UNAVAILABLE', 'negotiate', 1])
    assert.match(rejection.remedy, /browser/)
    assert.equal(await run(page, 'clear film', (source) => globalThis.stage.load(source), filesOf('mp4-tracks', 'clear')), null)
    await page.close()
  })

  await t.test(`no EME: an http page that is not localhost${engine === 'firefox' ? ', where Firefox has it all the same' : ''}`, async () => {
    const page = await openStage(browser, { address: `http://insecure.test:${site.port}/` })
    const { rejection, errors, secure } = await run(page, 'load', load, source, { ...keys, softwareClearKey: 'never' })
    assert.equal(secure, false)
    if (engine === 'firefox') {
      assert.equal(rejection, null)
    } else {
      assert.deepEqual([rejection.code, errors.length], ['EME_UNAVAILABLE', 1])
      assert.match(rejection.remedy, /https/)
    }
    await page.close()
  })

  const page = await openStage(browser, site)
  t.afterEach(() => assert.deepEqual(page.complaints.splice(0), []))

  await t.test('of many loads the last wins, and the others say so without an event', async () => {
    const overtake = async (sources, config) => {
      const { stage } = globalThis
      await stage.make(config)
      const outcomes = []
      for (const source of sources) {
        outcomes.push(stage.load(source))
        if (outcomes.length === sources.length) break
        // Each is overtaken a little later than the one before it: the last after three events, for a film that is at hand is ready with the fourth.
        for (let i = 1; i < outcomes.length; i++)
          await new Promise((resolve) => stage.player.addEventListener('statechange', resolve, { once: true }))
      }
      return { codes: (await Promise.all(outcomes)).map((error) => error?.code ?? 'won'), errors: stage.errors() }
    }
    const { codes, errors } = await run(page, 'loads', overtake, Array(5).fill(source), keys)
    assert.deepEqual(codes, [...Array(4).fill('LOAD_INTERRUPTED'), 'won'])
    assert.deepEqual(errors, [])
  })

  await t.test('close at every event of a load', async () => {
    const make = (config) => run(page, 'make', (config) => globalThis.stage.make(config), config)
    await make(keys)
    const types = ['encrypted', 'licenserequest', 'keystatuschange', 'statechange', 'error'] // others come as it happens
    const count = async (source, types) => {
      await globalThis.stage.load(source)
      return globalThis.stage.seen.filter(({ type }) => types.includes(type)).length
    }
    const told = await run(page, 'load', count, source, types)
    assert.ok(told > 8, `only ${told} events`)
    const closeAt = async (source, types, n) => {
      const { stage } = globalThis
      const closed = new Promise((resolve) => {
        let count = 0
        const tell = () => ++count === n && resolve(stage.player.close())
        for (const type of types) stage.player.addEventListener(type, tell)
      })
      const rejection = await stage.load(source)
      await closed
      return { code: rejection?.code ?? '', errors: stage.errors() }
    }
    for (let n = 1; n <= told; n++) {
      await make(keys)
      const { code, errors } = await run(page, `close at event ${n} of ${told}`, closeAt, source, types, n)
      assert.ok(code === 'CLOSED' || (code === '' && n > told - 3), `event ${n} of ${told}: ${code}`)
      assert.deepEqual(errors, [])
      assert.deepEqual(await run(page, 'leftover', leftover), nothing)
    }
  })

  await t.test('close after any number of turns of the event loop', async () => {
    const closeAfter = async (source, config, turns) => {
      const { stage } = globalThis
      await stage.make(config)
      const loading = stage.load(source)
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve))
      await stage.player.close()
      return { code: (await loading)?.code ?? '', errors: stage.errors(), again: (await stage.load(source)).code }
    }
    for (let turns = 0; turns < 30; turns++) {
      const { code, errors, again } = await run(page, `close after ${turns} turns`, closeAfter, source, keys, turns)
      assert.match(code, /^(CLOSED)?$/)
      assert.deepEqual([errors, again], [[], 'CLOSED'])
      assert.deepEqual(await run(page, 'leftover', leftover), nothing)
    }
    const { rejection } = await run(page, 'load', load, source, keys)
    assert.equal(rejection, null)
  })

  await t.test('close while setMediaKeys is under way', async () => {
    const closeDuring = async (source, config) => {
      const { stage } = globalThis
      await stage.make(config)
      const { setMediaKeys } = HTMLMediaElement.prototype
      const closed = new Promise((resolve) => {
        stage.video.setMediaKeys = async (keys) => {
          await setMediaKeys.call(stage.video, keys)
          if (keys) resolve(stage.player.close())
          return new Promise((resolve) => setTimeout(resolve, 50))
        }
      })
      const { code } = await stage.load(source)
      await closed
      delete stage.video.setMediaKeys
      return { code, errors: stage.errors() }
    }
    assert.deepEqual(await run(page, 'close', closeDuring, source, keys), { code: 'CLOSED', errors: [] })
    assert.deepEqual(await run(page, 'leftover', leftover), nothing)
  })

  await t.test('a second player on an element that plays: one typed error, the film goes on, and the element serves the next', async () => {
    const compete = async (source, config) => {
      const { stage } = globalThis
      await stage.make(config)
      const first = await stage.load(source)
      const other = stage.watch(new stage.Player(stage.video, config))
      const second = await stage.load(source, other)
      const errors = stage.errors()
      const plays = stage.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
      await Promise.all([stage.player.close(), other.close()])
      return { first, second, errors, plays }
    }
    const { first, second, errors, plays } = await run(page, 'compete', compete, source, keys)
    assert.equal(first, null)
    assert.equal(second.code, 'MEDIA_KEYS_FAILED')
    assert.ok(plays, 'the first player was disturbed')
    assert.match(second.remedy, /one player/)
    assert.deepEqual(
      errors.map(({ code }) => code),
      [second.code],
    )
    assert.deepEqual(await run(page, 'leftover', leftover), nothing)
    const { rejection } = await run(page, 'load', load, source, keys)
    assert.equal(rejection, null)
  })

  await t.test('the death of the Go program is told once to each player, and a load starts another', async () => {
    const die = async (source, config) => {
      const { stage } = globalThis
      await stage.make(config)
      const other = new stage.Player(document.createElement('video'), config)
      const heard = []
      other.addEventListener('error', ({ detail }) => heard.push(detail))
      await Promise.all([stage.load(source[0]), stage.load(source[0], other)])
      const dead = [stage.reached('failed'), stage.reached('failed', other)]
      const before = stage.probe.instance
      stage.probe.kill()
      const loading = stage.load(source)
      await Promise.all(dead)
      const { src } = stage.video
      const found = { errors: stage.errors(), heard, loading: await loading, src }
      const again = [await stage.load(source), await stage.load(source[0], other)]
      await other.close()
      return { ...found, again, fresh: stage.probe.instance !== before }
    }
    const { errors, heard, loading, ...found } = await run(page, 'die', die, source, keys)
    for (const list of [errors, heard, [loading]])
      assert.deepEqual(
        list.map(({ code, fatal }) => [code, fatal]),
        [['WASM_EXITED', true]],
      )
    assert.deepEqual(found, { src: '', again: [null, null], fresh: true })
    page.complaints.splice(0)
  })
})
