import assert from 'node:assert/strict'
import { test } from 'node:test'
import { config, element, errors, page } from './program.mjs'

const keystream = await page()
const { Player } = keystream
const film = 'https://films.test/film.mp4'
const file = (type) => ({ url: film, type })

test('what is wrong with a source or a configuration is said before anything is loaded', async () => {
  const system = (clearkey) => ({ keySystems: { 'org.w3.clearkey': clearkey } })
  const cases = [
    [undefined, {}, /source is undefined/],
    [null, {}, /source is null/],
    ['', {}, /empty string/],
    [[], {}, /empty array/],
    [7, {}, /a number/],
    ['https://[', {}, /not a URL/],
    [{ url: film, chunks: 0 }, {}, /chunks is 0/],
    [{ url: film, chunks: 1.5 }, {}, /chunks is 1.5/],
    [{ url: film, type: 7 }, {}, /type is a number/],
    [{ href: film }, {}, /unknown field "href"/],
    [[film, { src: film }], {}, /source\[1\] has an unknown field "src"/],
    [film, null, /configuration is null/],
    [film, { mode: 'hls' }, /mode is "hls"/],
    [film, { mode: {} }, /mode is an object/],
    [film, { licensePer: 'film' }, /licensePer is "film"/],
    [film, { keyStatusPolicy: 'renew' }, /keyStatusPolicy is a string/],
    [film, { keyStatusPolicy: { lost: 'renew' } }, /keyStatusPolicy has an unknown field "lost"/],
    [film, { keyStatusPolicy: { expired: 'retry' } }, /keyStatusPolicy\["expired"\] is "retry"/],
    [film, { keyTimeout: 0 }, /keyTimeout is 0/],
    [film, { keyTimeout: Number.NaN }, /keyTimeout is NaN/],
    [film, { keyTimeout: '10' }, /keyTimeout is a string/],
    [film, { maxSessions: 0 }, /maxSessions is 0/],
    [film, { maxKeys: 1.5 }, /maxKeys is 1.5/],
    [film, { licenseOrigins: 7 }, /licenseOrigins is a number/],
    [film, { licenseOrigins: [film, 7] }, /licenseOrigins has a number/],
    [film, { licenseOrigins: ['https://a.test', 'https://u:secret@b.test'] }, /licenseOrigins\[1\] is no origin/],
    [film, { licenseOrigins: ['https://a.test/path'] }, /licenseOrigins\[0\] is no origin/],
    [film, { licenseOrigins: ['ftp://a.test'] }, /is no origin/],
    [film, { licenseOrigins: ['a.test'] }, /is no origin/],
    [film, { keysystems: {} }, /unknown field "keysystems"/],
    [film, { keySystems: ['org.w3.clearkey'] }, /keySystems is an array/],
    [film, system('https://license.test/'), /a string/],
    [film, system({ licence: '/' }), /unknown field "licence".*/],
    [film, system({ license: 7 }), /license is a number/],
    [film, system({ license: { headers: {} } }), /license\.url is undefined/],
    [film, system({ license: { url: film, headers: { Authorization: 'Bearer se\ncret' } } }), /headers/],
    [film, system({ license: { url: film, urls: { renewal: film } } }), /license\.urls has an unknown field "renewal"/],
    [film, system({ license: { url: film, urls: { 'license-renewal': 7 } } }), /license\.urls\["license-renewal"\] is a number/],
    [film, system({ license: { url: film, request: '/filter' } }), /license\.request is a string/],
    [film, system({ license: { url: film, response: {} } }), /license\.response is an object/],
    [film, system({ keys: { '00112233445566778899aabbccddeeff': 7 } }), /keys has a key that is a number/],
    [film, system({ videoRobustness: 3000 }), /videoRobustness is a number/],
    [film, system({ audioRobustness: [] }), /audioRobustness is an empty array/],
    [film, system({ persistentState: true }), /persistentState is a boolean/],
    [film, system({ distinctiveIdentifier: 'forbidden' }), /distinctiveIdentifier is "forbidden"/],
    [film, system({ sessionTypes: [null] }), /sessionTypes has null/],
    [film, system({ minHdcpVersion: 2.2 }), /minHdcpVersion is a number/],
    [film, system({ serverCertificate: ['secret'] }), /serverCertificate is an array/],
  ]
  const { fetches } = keystream
  for (const [source, settings, message] of cases) {
    const player = new Player(element(), settings)
    const events = errors(player)
    await assert.rejects(player.load(source), (error) => {
      assert.equal(error.code, 'CONFIG_INVALID', String(message))
      assert.match(error.message, message)
      assert.ok(error.remedy, String(message))
      assert.doesNotMatch(JSON.stringify(error), /secret|cret|ccddee/)
      return true
    })
    assert.deepEqual(events, [])
    assert.equal(player.state, 'idle')
  }
  await assert.rejects(new Player(undefined).load(film), { code: 'CONFIG_INVALID', message: /without a media element/ })
  assert.equal(keystream.fetches, fetches)
})

test('unload leaves the player for another load, and interrupts one under way', async () => {
  const player = new Player(element(), config)
  await player.unload()
  assert.equal(player.state, 'idle')
  const loading = assert.rejects(player.load(file('hang')), { code: 'LOAD_INTERRUPTED', message: /unload\(\)/ })
  const unloaded = player.unload()
  await player.load(file('resolve'))
  await Promise.all([loading, unloaded])
  assert.equal(player.state, 'loading')
  await player.unload()
  assert.equal(player.state, 'idle')
  await player.close()
  await assert.rejects(player.unload(), { code: 'CLOSED' })
})

test('licences are asked for anew, and timings told, only of a player that has loaded', async () => {
  const player = new Player(element(), config)
  await player.retryLicense()
  assert.deepEqual(player.timings, [])
  await player.load(file('resolve'))
  await assert.rejects(player.retryLicense(), (error) => error instanceof keystream.KeystreamError && error.stage === 'license')
  assert.deepEqual(player.timings, [{ step: 'license' }])
  await player.close()
  assert.deepEqual(player.timings, [])
  await assert.rejects(player.retryLicense(), { code: 'CLOSED' })
})

test('a probe needs no player, and checks what it is asked', async () => {
  const { systems } = await Player.probe({ 'com.example.drm': { videoRobustness: '3000' }, 'org.w3.clearkey': {} })
  assert.deepEqual(
    systems.map((system) => system.keySystem),
    ['com.example.drm', 'org.w3.clearkey'],
  )
  assert.deepEqual((await Player.probe()).systems, [])
  await assert.rejects(Player.probe(['org.w3.clearkey']), { code: 'CONFIG_INVALID', message: /keySystems is an array/ })
  await assert.rejects(Player.probe({ 'org.w3.clearkey': { robustness: '' } }), { code: 'CONFIG_INVALID' })
})

test('a rejection of Go becomes a KeystreamError with all its fields', async () => {
  const player = new Player(element(), config)
  const events = errors(player)
  await assert.rejects(player.load(file('reject')), (error) => {
    assert.deepEqual(events, ['SOURCE_UNKNOWN'])
    assert.ok(error instanceof keystream.KeystreamError && error instanceof Error)
    const detail = { code: 'SOURCE_UNKNOWN', fatal: true, stage: 'probe', message: 'no', remedy: 'none' }
    assert.deepEqual(JSON.parse(JSON.stringify(error)), detail)
    return true
  })
})

test('the last load wins, and close ends them all', async () => {
  const player = new Player(element(), config)
  const first = assert.rejects(player.load(file('hang')), { code: 'LOAD_INTERRUPTED' })
  const second = assert.rejects(player.load(file('hang')), { code: 'LOAD_INTERRUPTED' })
  await player.load(file('resolve'))
  await Promise.all([first, second])
  assert.deepEqual([player.state, player.mode, player.keySystem], ['loading', 'mse', 'org.w3.clearkey'])
  const third = assert.rejects(player.load(file('hang')), { code: 'CLOSED' })
  await player.close()
  await third
  assert.equal(player.state, 'closed')
  await assert.rejects(player.load(film), { code: 'CLOSED' })
})

test('a licence function is called with what Go gives, and must return bytes', async () => {
  const player = (license) => new Player(element(), { keySystems: { 'org.w3.clearkey': { license } } })
  const asked = []
  const answer = (bytes) => (request) => {
    asked.push([request.initDataType, request.headers.get('soapaction')])
    return bytes
  }
  for (const bytes of [new ArrayBuffer(3), new Uint8Array(3), Promise.resolve(new DataView(new ArrayBuffer(3)))])
    await player(answer(bytes)).load(file('license'))
  assert.deepEqual(asked, [
    [film, 'ask'],
    [film, 'ask'],
    [film, 'ask'],
  ])
  for (const wrong of ['{"keys":[]}', null, undefined, { keys: [] }])
    await assert.rejects(player(answer(wrong)).load(file('license')), { name: 'KeystreamError' })
})

test('the object URL of a Blob lives as long as its film', async (t) => {
  const live = new Set()
  const { createObjectURL, revokeObjectURL } = URL
  t.after(() => Object.assign(URL, { createObjectURL, revokeObjectURL }))
  URL.createObjectURL = () => {
    const url = `blob:${live.size}/${Math.random()}`
    live.add(url)
    return url
  }
  URL.revokeObjectURL = (url) => live.delete(url)
  const blob = (type) => ({ url: new Blob(['x']), type })
  const player = new Player(element(), config)
  await player.load([blob('resolve'), blob('')])
  assert.equal(live.size, 2, 'two tracks play')
  await player.load(blob('resolve'))
  assert.equal(live.size, 1, 'replaced')
  await assert.rejects(player.load(blob('reject')))
  assert.equal(live.size, 1, 'failed, but retryLicense may load it again')
  await player.load(`${film}#resolve`)
  assert.equal(live.size, 0, 'another source')
  await player.load(blob('resolve'))
  await player.unload()
  assert.equal(live.size, 0, 'unloaded')
  await player.load(blob('resolve'))
  await player.close()
  assert.equal(live.size, 0, 'closed')
})
