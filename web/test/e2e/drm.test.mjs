// What the DRM engine promises, with the real Clear Key CDM: no key twice, no stall without a word, a reason for every refusal. Widevine and PlayReady
// speak their own formats before that CDM.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { serveLicenses } from './front.mjs'
import { base64url, fromHex } from './messages.mjs'
import { open, openStage, run } from './open.mjs'
import { clearKey, filesOf, films, keysOf, newRun, serve } from './site.mjs'

// A name that is no localhost: a page from it by http is no secure context.
const insecure = { args: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'], prefs: { 'network.dns.localDomains': 'insecure.test' } }

let site
let front
before(async () => {
  site = await serve()
  front = await serveLicenses(site)
})
after(async () => {
  await front.close()
  await site.close()
})

const idsOf = (film) => Object.keys(films[film].keys).sort()
const server = (log) => clearKey({ license: `/license/clearkey?run=${log}` })
const inPieces = (film, log) => filesOf(film, log).map((url) => ({ url, chunks: 5 }))

/** The licence that holds all keys of a film, as text. */
const licenseOf = (film) =>
  JSON.stringify({
    keys: Object.entries(films[film].keys).map(([kid, k]) => ({ kty: 'oct', kid: base64url(fromHex(kid)), k: base64url(fromHex(k)) })),
  })

/** What was asked for, licence by licence. */
const asked = (log) => front.of(log).map(({ keyIds }) => keyIds?.toSorted() ?? null)

/** In the page: loads with a licence function that answers once it is told to, and plays from the first moment. */
const late = async (source, license, rate) => {
  const { stage } = globalThis
  const { video } = stage
  const answer = Promise.withResolvers()
  let calls = 0
  await stage.make({
    keySystems: {
      'org.w3.clearkey': {
        license: async () => {
          calls++
          await answer.promise
          return new TextEncoder().encode(license)
        },
      },
    },
  })
  const stalled = new Promise((resolve) => stage.player.addEventListener('stall', ({ detail }) => detail.cause === 'key' && resolve(detail)))
  video.defaultPlaybackRate = rate // a load sets the rate to it
  video.autoplay = true
  const loading = stage.load(source)
  const stall = await stalled
  const buffered = await new Promise((resolve) => {
    const look = () => (video.buffered.length > 0 && video.buffered.end(0) > 9 ? resolve(true) : setTimeout(look, 20))
    look()
  })
  // The server takes its time, and the engine is not to lose patience meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const before = video.currentTime
  answer.resolve()
  const error = await loading
  video.playbackRate = 4
  video.autoplay = false
  video.defaultPlaybackRate = 1
  if (error) return { error }
  await stage.reached('ended')
  const causes = stage.seen.filter(({ type }) => type === 'stall').map(({ detail }) => detail.cause)
  return { calls, stall, buffered, before, causes, errors: stage.errors() }
}

inEach('the DRM engine', { limit: 240_000, ...insecure }, async (t, browser, engine) => {
  let page = await openStage(browser, front)
  t.afterEach(() => {
    assert.deepEqual(page.complaints.splice(0), [])
    page.said.length = 0
  })
  const reopen = async (query) => {
    await page.close()
    page = await openStage(browser, front, { path: `test/page.html${query}` })
  }
  const play = (source, config, rate = 4) => run(page, 'play', (...args) => globalThis.stage.play(...args), source, config, rate)
  const make = (config) => run(page, 'make', (config) => globalThis.stage.make(config), config)
  const load = (source) => run(page, 'load', (source) => globalThis.stage.load(source), source)
  const seen = (wanted) =>
    run(page, 'events', (wanted) => globalThis.stage.seen.filter(({ type }) => type === wanted).map(({ detail }) => detail), wanted)

  for (const film of ['mp4-cenc-rotation', 'mp4-cenc-rotation-no-pssh']) {
    await t.test(`${film} asks for each key once, and waits for none on its way`, async () => {
      const log = newRun(film)
      const result = await play(inPieces(film, log), server(log))
      assert.equal(result.ended, true, JSON.stringify(result))
      const licenses = asked(log)
      assert.deepEqual(licenses.flat().sort(), idsOf(film))
      assert.deepEqual(
        (await seen('stall')).filter(({ cause, position }) => cause === 'key' && position > 0.2),
        [],
      )
      assert.deepEqual(await seen('error'), [])
      t.diagnostic(`${engine}, ${film}: ${licenses.length} licences`)
    })
  }

  await t.test('a key that comes late: the film is buffered meanwhile, the stall is told with its key, and the film goes on', async () => {
    const film = 'mp4-cenc'
    const { stall, causes, ...rest } = await run(page, 'late', late, filesOf(film, newRun('late')), licenseOf(film), 4)
    assert.deepEqual(rest, { calls: 1, buffered: true, before: 0, errors: [] })
    assert.deepEqual(stall.keyIds, idsOf(film))
    assert.equal(causes.at(-1), '')
  })

  await t.test('clear, then encrypted: the clear part plays before the licence is there', async () => {
    const film = 'mp4-cenc-clear-lead'
    const { stall, before, ...rest } = await run(page, 'late', late, filesOf(film, newRun('lead')), licenseOf(film), 1)
    assert.deepEqual([rest.calls, rest.errors], [1, []], JSON.stringify(rest))
    assert.ok(before > 1.5 && before < 2.2, `the film stood at ${before}`)
    assert.deepEqual(stall.keyIds, idsOf(film))
  })

  await t.test('clear, encrypted and clear again, with one licence of the key system that is there', async () => {
    const film = 'mp4-cenc-clear-ends'
    const log = newRun(film)
    const missing = { license: `/license/widevine?run=${log}` }
    const result = await play(inPieces(film, log), { keySystems: { 'com.widevine.alpha': missing, ...server(log).keySystems } })
    assert.equal(result.ended, true, JSON.stringify(result))
    assert.deepEqual(asked(log), [idsOf(film)])
    assert.equal(await run(page, 'system', () => globalThis.stage.player.keySystem), 'org.w3.clearkey')
  })

  await t.test('the same film again costs no licence: after another film, after unload, or at once', async () => {
    const log = newRun('again')
    const [a, b] = ['mp4-cenc', 'mp4-cenc-two-keys']
    const soFar = async (films) => {
      for (const film of films) assert.equal(await load(filesOf(film, log)), null)
      return asked(log)
    }
    await make(server(log))
    assert.deepEqual(await soFar([a]), [idsOf(a)])
    assert.deepEqual(await soFar([a, a]), [idsOf(a)])
    assert.deepEqual(await soFar([b, a, b]), [idsOf(a), idsOf(b)])
    await run(page, 'unload', () => globalThis.stage.player.unload())
    const idle = await run(page, 'state', () => [globalThis.stage.player.state, globalThis.stage.video.hasAttribute('src')])
    assert.deepEqual(idle, ['idle', false])
    assert.deepEqual(await soFar([a]), [idsOf(a), idsOf(b)])
    const played = await run(page, 'play on', () => globalThis.stage.playToEnd(8))
    assert.equal(played.ended, true)

    const timings = await run(page, 'timings', () => globalThis.stage.player.timings)
    const steps = timings.map(({ step }) => step)
    for (const step of ['negotiate', 'attach-keys', 'generate-request', 'license', 'update']) assert.ok(steps.includes(step), `${step} of ${steps}`)
    await run(page, 'close', () => globalThis.stage.player.close())
    assert.equal(await run(page, 'keys', () => globalThis.stage.video.mediaKeys === null), true)
  })

  await t.test('probe tells of every key system without playing', async () => {
    const { secure, permitted, eme, systems, text } = await run(page, 'probe', () => globalThis.stage.Player.probe())
    assert.deepEqual([secure, permitted, eme], [true, true, true], text)
    const verdicts = Object.fromEntries(systems.map(({ keySystem, granted, refused }) => [keySystem, granted || refused?.element]))
    assert.deepEqual(
      verdicts,
      { 'com.widevine.alpha': 'key-system', 'com.microsoft.playready': 'key-system', 'org.w3.clearkey': 'org.w3.clearkey' },
      text,
    )
    const asked = { 'org.w3.clearkey': { videoRobustness: 'HW_SECURE_ALL', keys: {} } }
    const strict = await run(page, 'probe', (asked) => globalThis.stage.Player.probe(asked), asked)
    assert.deepEqual([strict.systems[0].refused?.element, strict.systems[0].refused?.value], ['robustness', 'HW_SECURE_ALL'], strict.text)
  })

  await t.test('a scheme that the browser refuses is named in the report', async () => {
    const error = await play(filesOf('mp4-cens', newRun('cens')), { ...keysOf('mp4-cens'), softwareClearKey: 'never' })
    assert.equal(error.code, 'KEY_SYSTEM_REFUSED')
    const { element, value, remedy } = error.report.systems[0].refused
    assert.deepEqual([element, value], ['encryption-scheme', 'cens'], error.report.text)
    assert.match(remedy, /cenc|cbcs/)
  })

  if (engine === 'chromium') {
    await t.test('a page that is no secure context is named in the report', async () => {
      const other = await openStage(browser, { address: `http://insecure.test:${site.port}/` })
      const { report } = await run(other, 'play', (...args) => globalThis.stage.play(...args), filesOf('mp4-cenc', newRun('http')), {
        ...keysOf('mp4-cenc'),
        softwareClearKey: 'never',
      })
      assert.deepEqual([report.secure, report.eme, report.systems[0].refused?.element], [false, false, 'secure-context'], report.text)
      await other.close()
    })
  }

  await t.test(`a frame without allow="encrypted-media" ${engine === 'chromium' ? 'is named in the report' : 'has it all the same'}`, async () => {
    const outer = await open(browser, `${front.address}frame`)
    const frame = await outer.waitForFrame((frame) => frame.url().startsWith(site.address))
    await frame.waitForFunction(() => Boolean(globalThis.stage))
    const { secure, permitted, systems, text } = await frame.evaluate(() => globalThis.stage.Player.probe({ 'org.w3.clearkey': {} }))
    const refused = systems[0].refused?.element ?? ''
    assert.deepEqual([secure, permitted, refused], engine === 'chromium' ? [true, false, 'permissions-policy'] : [true, true, ''], text)
    await outer.close()
  })

  // Pauses between tries pass 20 times as fast.
  await reopen('?hurry=20')

  await t.test('a licence server that fails for good is one error; the next load asks again', async () => {
    const film = 'mp4-cenc'
    const log = newRun('down')
    await make(server(log))
    front.refused = new Set(idsOf(film))
    const { rejection, errors } = await run(page, 'load', (source) => globalThis.stage.suffer(source), filesOf(film, log))
    assert.deepEqual([rejection.code, rejection.httpStatus, rejection.keyIds, errors.length], ['LICENSE_HTTP', 503, idsOf(film), 1])
    const tries = asked(log).length
    assert.ok(tries >= 2 && tries <= 5, `${tries} tries`)
    front.refused.clear()
    assert.equal(await load(filesOf(film, log)), null)
    assert.equal(asked(log).length, tries + 1)
  })

  await t.test('a later key whose licence fails is an error that stops nothing, and retryLicense asks again', async () => {
    const film = 'mp4-cenc-rotation'
    const log = newRun('later')
    const last = Object.keys(films[film].keys).at(-1)
    front.refused = new Set([last])
    const suffer = async (source, config) => {
      const { stage } = globalThis
      await stage.make({ ...config, licensePer: 'init-data' })
      const failed = new Promise((resolve) => stage.player.addEventListener('error', ({ detail }) => resolve(detail), { once: true }))
      const rejection = await stage.load(source)
      return { rejection, error: await failed }
    }
    const { rejection, error } = await run(page, 'load', suffer, inPieces(film, log), server(log))
    assert.equal(rejection, null)
    assert.deepEqual([error.code, error.fatal, error.keyIds], ['LICENSE_HTTP', false, [last]])
    front.refused.clear()
    await run(page, 'retry', () => globalThis.stage.player.retryLicense())
    const { ended } = await run(page, 'play', () => globalThis.stage.playToEnd(4))
    assert.equal(ended, true)
    assert.deepEqual(
      front
        .of(log)
        .flatMap(({ keyIds, status }) => (status === 200 ? keyIds : []))
        .sort(),
      idsOf(film),
    )
  })

  await reopen('?cdm')
  const statuses = async () => [...new Set((await seen('keystatuschange')).flatMap(({ keys }) => keys.map(({ keyId }) => keyId)))].sort()

  const certificate = '/license/certificate'
  for (const [film, ...certificates] of [
    ['mp4-cenc', undefined, certificate],
    ['mp4-cenc-widevine-pssh', certificate],
    ['webm-vp9-opus-cenc', undefined],
    ['mp4-cenc-rotation-no-pssh', undefined, certificate],
  ]) {
    for (const serverCertificate of certificates) {
      await t.test(`Widevine: ${film}, ${serverCertificate ? 'with' : 'without'} the server’s certificate`, async () => {
        const log = newRun('widevine')
        const widevine = { license: `/license/widevine?run=${log}`, serverCertificate }
        const config = { keySystems: { 'com.widevine.alpha': widevine, 'org.w3.clearkey': { keys: films[film].keys } } }
        const result = await play(filesOf(film, log), config, 8)
        assert.equal(result.ended, true, JSON.stringify(result))
        const requests = asked(log)
        const certificates = requests.filter((keyIds) => keyIds === null).length
        assert.deepEqual([requests[0] === null, certificates > 0], serverCertificate ? [false, false] : [true, true])
        assert.deepEqual(requests.flatMap((keyIds) => keyIds ?? []).sort(), idsOf(film))
        assert.deepEqual(await statuses(), idsOf(film))
        const granted = await run(page, 'granted', () => {
          const { keySystem, configuration } = globalThis.stage.player
          return [keySystem, configuration.videoCapabilities[0].robustness, configuration.audioCapabilities[0].robustness]
        })
        assert.deepEqual(granted, ['com.widevine.alpha', 'SW_SECURE_DECODE', 'SW_SECURE_CRYPTO'])
      })
    }
  }

  for (const film of ['mp4-cenc-two-keys', 'mp4-cenc-rotation']) {
    await t.test(`PlayReady: ${film}`, async () => {
      const log = newRun('playready')
      const result = await play(filesOf(film, log), { keySystems: { 'com.microsoft.playready': { license: `/license/playready?run=${log}` } } }, 8)
      assert.equal(result.ended, true, JSON.stringify(result))
      assert.deepEqual(asked(log).flat().sort(), idsOf(film))
      for (const { headers } of front.of(log)) {
        assert.equal(headers['content-type'], 'text/xml; charset=utf-8')
        assert.match(headers.soapaction, /\/AcquireLicense"?$/)
      }
      assert.equal(await run(page, 'system', () => globalThis.stage.player.keySystem), 'com.microsoft.playready.recommendation')
      assert.deepEqual(await statuses(), idsOf(film))
    })
  }
})
