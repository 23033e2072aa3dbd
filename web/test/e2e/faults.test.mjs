// Whatever a server can do wrong: a typed error, once, that tells no secret, and a player that plays the next film.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'
import { clearKey, filesOf, films, newRun, serve } from './site.mjs'

const bearer = 'bearer-6f1d0c'
const query = 'query-93ab77'
const password = 'password-5e02f4'
const film = 'mp4-cenc'
const [[keyId, key]] = Object.entries(films[film].keys)
const otherKey = 'f0e1d2c3b4a5968778695a4b3c2d1e0f'

/** What must be in nothing that the player says. */
const forms = (hex) => ['hex', 'base64', 'base64url'].map((encoding) => Buffer.from(hex, 'hex').toString(encoding))
const secrets = [bearer, query, password, ...forms(key), ...forms(otherKey)]

let site
before(async () => {
  site = await serve('-token', bearer)
})
after(() => site.close())

/** A configuration whose licences come from this path. */
function server(path, { token = bearer } = {}) {
  return (log) => clearKey({ license: { url: `${path}?run=${log}&token=${query}`, headers: token ? { Authorization: `Bearer ${token}` } : {} } })
}

const good = server('/license')

/** A fault of the licence server. */
const license = (fault, code, expect) => ({ code, stage: 'license', config: server(`/fault/${fault}/license`), ...expect })

/** A fault of the server of a film's files, which here have a secret in their query. */
const media = (fault, code, expect) => ({
  code,
  stage: 'fetch',
  config: good,
  source: (log) => filesOf(expect?.film ?? film, `${log}&token=${query}`, fault && `/fault/${fault}`),
  ...expect,
})

/** A file of the visitor's, changed. */
const own = (shape, code, expect) => ({
  code,
  config: () => ({}),
  source: (log) => ({ own: filesOf('mp4-tracks', log).slice(0, 1), shape }),
  ...expect,
})

/**
 * Each fault: the error that it makes, at which stage (or stages, where whoever notices first tells it), what is in its remedy, and how many
 * licence requests were made for it.
 */
const faults = {
  'licence 401': license('status-401', 'LICENSE_HTTP', { httpStatus: 401, remedy: /credentials/, requests: 1 }),
  'licence 403': license('status-403', 'LICENSE_HTTP', { httpStatus: 403, remedy: /token/, requests: 1 }),
  'licence 404': license('status-404', 'LICENSE_HTTP', { httpStatus: 404, remedy: /URL/, requests: 1 }),
  'licence 500': license('status-500', 'LICENSE_HTTP', { httpStatus: 500, remedy: /log/, requests: 3 }),
  'licence that never comes': license('hang', 'LICENSE_TIMEOUT', { requests: 3 }),
  'licence cut off': license('short-body', 'LICENSE_NETWORK', { httpStatus: 200 }),
  'licence that is a page': license('html', 'LICENSE_INVALID', { remedy: /JWK/ }),
  'licence without keys': license('empty-keys', 'LICENSE_INVALID', {}),
  'licence with a byte order mark': license('bom', 'LICENSE_INVALID', {}),
  'licence in standard base64': license('standard-base64', 'LICENSE_INVALID', { remedy: /base64url/ }),
  'licence for another key': license('other-key', 'LICENSE_OTHER_KEY', { requests: 1 }),
  'licence with a wrong key': license('wrong-key', 'KEY_PROBABLY_WRONG', { stage: 'decode', remedy: /key/, wrong: true }),
  'licence without the token': { code: 'LICENSE_HTTP', stage: 'license', httpStatus: 401, config: server('/license', { token: '' }) },
  'licence with a wrong token': { code: 'LICENSE_HTTP', stage: 'license', httpStatus: 403, config: server('/license', { token: password }) },

  'a wrong key in the page': { code: 'KEY_PROBABLY_WRONG', stage: 'decode', config: () => clearKey({ keys: { [keyId]: otherKey } }), wrong: true },
  'a key for another key id': { code: 'KEY_MISSING', stage: 'license', config: () => clearKey({ keys: { [otherKey]: key } }) },
  'a key that is too short': { code: 'CONFIG_INVALID', stage: 'configure', config: () => clearKey({ keys: { [keyId]: key.slice(2) } }), never: true },
  'no key system': { code: 'KEY_SYSTEM_MISSING', stage: 'negotiate', config: () => ({}), remedy: /keySystems/ },
  'a key system that no browser has': { code: 'KEY_SYSTEM_REFUSED', stage: 'negotiate', config: () => ({ keySystems: { 'com.example': {} } }) },

  'file 404': media('status-404', 'FETCH_HTTP', { httpStatus: 404 }),
  'file 503': media('status-503', 'FETCH_HTTP', { httpStatus: 503 }),
  'file that never comes': media('hang', 'FETCH_TIMEOUT', {}),
  'file cut off': media('short-body', 'FETCH_NETWORK', { httpStatus: 206 }),
  'server without Range': media('no-range', 'RANGE_UNSUPPORTED', { httpStatus: 200, remedy: /Range/ }),
  'server with a wrong Content-Range': media('wrong-range', 'RANGE_WRONG', { httpStatus: 206, remedy: /Content-Range/ }),
  'file that ends in its header': media('truncate-300', 'SOURCE_TRUNCATED', { stage: 'probe' }),
  'file that is empty': media('truncate-0', 'SOURCE_TRUNCATED', { httpStatus: 200 }),
  'file that is a page': media('html', 'SOURCE_UNKNOWN', { httpStatus: 200, remedy: /address/ }),
  'text for a film': media('', 'SOURCE_UNKNOWN', { stage: 'probe', source: () => '/media/films.json' }),
  'a picture for a film': media('', 'SOURCE_UNKNOWN', { stage: 'probe', source: () => '/media/mp4-cenc.webp' }),
  'moov after mdat, and MSE wanted': media('', 'SOURCE_NOT_FRAGMENTED', { stage: 'probe', film: 'mp4-moov-last', mode: 'mse', remedy: /fragmented/ }),
  'a progressive film, and MSE wanted': media('', 'SOURCE_NOT_FRAGMENTED', { stage: 'probe', film: 'mp4-progressive', mode: 'mse' }),
  'a codec that the browser lacks': own('File in an unknown codec', 'CODEC_UNSUPPORTED', { stage: 'probe' }),
  'noise for media': own('File of noise after its header', 'MEDIA_INVALID', { stage: ['append', 'decode'] }),
  'a direct film that is a page': media('html', 'MEDIA_NOT_SUPPORTED', { stage: 'decode', film: 'mp4-progressive', mode: 'direct' }),
  'a direct film 404': media('status-404', 'FETCH_HTTP', { film: 'mp4-progressive', mode: 'direct', httpStatus: 404 }),
}

/** What heals by itself: a fault that the player gets over, and how many licence requests that took. */
const passing = { 'status-503x2': 3, 'status-429x1-after-1': 2, 'delay-300ms': 1 }

inEach('faults', { limit: 400_000 }, async (t, browser) => {
  // Timeouts and pauses between tries pass 20 times as fast.
  const newPage = () => openStage(browser, site, { path: 'test/page.html?hurry=20' })
  let page = await newPage()
  t.afterEach(() => {
    assert.deepEqual(page.complaints.splice(0), [])
    page.said.length = 0
  })
  const make = (config) => run(page, 'make', (config) => globalThis.stage.make(config), config)
  const suffer = (source) => run(page, 'load', (source) => globalThis.stage.suffer(source), source)
  const load = (source) => run(page, 'load', (source) => globalThis.stage.load(source), source)
  const seen = () => run(page, 'events', () => globalThis.stage.seen)

  for (const [name, fault] of Object.entries(faults)) {
    await t.test(name, async () => {
      const log = newRun('fault')
      await make({ ...fault.config(log), mode: fault.mode })
      const source = fault.source?.(log) ?? filesOf(film, log)
      const { rejection, errors: told } = await suffer(source)
      const errors = told.filter(({ fatal }) => fatal) // of a long wait there is a warning before

      const [error] = errors
      const { code, stage, httpStatus } = fault
      assert.deepEqual([error.code, error.httpStatus, error.fatal], [code, httpStatus, true], error.message)
      assert.ok([stage].flat().includes(error.stage), `stage ${error.stage}`)
      assert.notEqual(error.message, '')
      assert.match(error.remedy, fault.remedy ?? /\w{3}/)
      assert.equal(errors.length, 1)
      if (rejection) {
        const { name, text, ...detail } = rejection
        assert.deepEqual([detail, name], [errors[0], 'KeystreamError'])
      }
      if (fault.requests) assert.equal((await site.log(log, '/license')).length, fault.requests)

      if (!fault.never) {
        assert.equal(await load(filesOf('webm-vp9-opus', log)[0]), null)
        assert.equal(await run(page, 'state', () => globalThis.stage.player.state), 'ready')
      }
      const all = await seen()
      assert.equal(all.filter(({ type, detail }) => type === 'error' && detail.fatal).length, 1)
      const text = JSON.stringify([all, rejection, page.said])
      assert.deepEqual(
        secrets.filter((secret) => text.includes(secret)),
        [],
      )

      // Firefox may keep the first key of a key id until the page is left, for all sessions and MediaKeys.
      if (fault.wrong) {
        await page.close()
        page = await newPage()
      }
    })
  }

  for (const [fault, requests] of Object.entries(passing)) {
    await t.test(`licence ${fault} is got over`, async () => {
      const log = newRun('passing')
      await make(server(`/fault/${fault}/license`)(log))
      assert.equal(await load(filesOf(film, log)), null)
      assert.equal((await site.log(log, '/license')).length, requests)
      assert.deepEqual(
        (await seen()).filter(({ type }) => type === 'error'),
        [],
      )
    })
  }

  await t.test('a licence refused once is there for the next load of the same player', async () => {
    const log = newRun('again')
    await make(server('/fault/status-403x1/license')(log))
    const { rejection } = await suffer(filesOf(film, log))
    assert.equal(rejection.code, 'LICENSE_HTTP')
    assert.equal(await load(filesOf(film, log)), null)
  })

  await t.test('a server without Range is enough for a film in the element’s src', async () => {
    await make({ mode: 'direct' })
    const source = filesOf('mp4-progressive', newRun('direct'), '/fault/no-range')
    assert.deepEqual(await suffer(source), { rejection: null, errors: [] })
  })

  await t.test('a film that is cut off plays as far as it goes, and says so', async () => {
    const log = newRun('cut')
    await make({})
    const { rejection, errors } = await suffer(filesOf('mp4-fragmented', log, '/fault/truncate-300000'))
    assert.equal(rejection, null)
    assert.deepEqual(
      errors.map(({ code, fatal }) => [code, fatal]),
      [['SOURCE_TRUNCATED', false]],
    )
    assert.equal(await run(page, 'state', () => globalThis.stage.player.state), 'ended')
  })
})
