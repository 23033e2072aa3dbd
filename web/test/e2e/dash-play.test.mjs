// What people do with a DASH film while it plays: they jump, they change the language, the subtitles, the quality.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { keysAsked, screen, serveFilms } from './dash.mjs'
import { inEach } from './each.mjs'
import { openStage, run, until } from './open.mjs'

let site
let films
before(async () => {
  ;({ site, films } = await serveFilms())
})
after(() => site?.close())

/** Less than the films are long, so that there is something left to fetch. */
const little = { buffer: { ahead: 4 } }

/** The longest that another choice takes: what is a second ahead of the playhead is not replaced, nor is the segment that it is in. */
const within = 1 + 2 + 0.5

inEach('a DASH film', { engines: names, limit: 400_000 }, async (t, browser, engine) => {
  const page = await openStage(browser, site)
  const { start, jump, reach, ended, fast, errors, asked, told, heard, selectTrack, tracks, pictures } = screen(page)
  t.afterEach(async () => {
    assert.deepEqual(page.complaints.splice(0), [])
    assert.deepEqual(await errors(), [])
  })

  await t.test('jumps: into what is there and what is not, many at once, and back from the end, which comes again', async () => {
    await start(films['shaka-live-number'], little)
    await reach(0.2)
    await jump(1.5)
    assert.ok(!(await pictures()).some((name) => /-[4-6]$/.test(name)), 'what is far ahead was fetched')
    await jump(9)
    const fetched = await pictures()
    assert.ok(fetched.some((name) => name.endsWith('-5')) && !fetched.some((name) => name.endsWith('-4')), `${fetched}`)
    const many = [3, 11, 0.5, 7]
    await run(
      page,
      'many jumps',
      async (many) => {
        for (const to of many) {
          globalThis.stage.video.currentTime = to
          await new Promise((resolve) => setTimeout(resolve))
        }
      },
      many,
    )
    await jump(5.5)
    await fast()
    await ended()
    await run(page, 'play again', () => {
      globalThis.stage.video.currentTime = 10
      return globalThis.stage.video.play()
    })
    await ended()
    const states = (await told('statechange')).map(({ state }) => state)
    assert.equal(states.filter((state, i) => state === 'ended' && states[i - 1] !== 'ended').length, 2, `${states}`)
    assert.equal((await heard()).filter((type) => type === 'ended').length, 2)
    await run(page, 'back to the start', () => {
      globalThis.stage.video.currentTime = 0
      return globalThis.stage.video.play()
    })
    await reach(0.3)
    await until(page, 'the start', () => globalThis.stage.video.currentTime < 4)
    assert.equal(await run(page, 'state', () => globalThis.stage.player.state), 'ready')
  })

  await t.test('jumps over the borders of Periods, clear and encrypted, to and fro: each key is asked for once', async () => {
    const log = await start(films['hand-ad'], little)
    await reach(0.2)
    for (const to of [9, 2, 5, 10, 5.5]) await jump(to)
    await fast()
    await ended()
    const keys = await keysAsked(site, log)
    assert.deepEqual(keys.flat(), Object.keys(films['hand-ad'].keys))
  })

  await t.test('other codecs and containers: one MediaSource where the browser can change type, another where it cannot', async () => {
    const log = await start(films['hand-formats'], little)
    await reach(0.2)
    for (const to of [9, 5, 1]) await jump(to)
    await fast()
    await ended()
    const sources = (await heard()).filter((type) => type === 'loadstart').length
    const changes = await run(page, 'changeType', () => 'changeType' in (globalThis.SourceBuffer?.prototype ?? {}))
    if (engine !== 'webkit') assert.deepEqual([changes, sources], [true, 1])
    t.diagnostic(`${engine}: changeType ${changes}, ${sources} sources`)
    const keys = (await keysAsked(site, log)).flat()
    assert.deepEqual(keys.toSorted(), Object.keys(films['hand-formats'].keys).toSorted())
  })

  for (const name of ['shaka-live-cenc', 'shaka-on-demand-cbcs', 'shaka-live-webm-cenc']) {
    await t.test(`${name}: one licence, asked for before the first segment is there`, async () => {
      const log = await start(films[name])
      const requests = await told('request')
      const license = requests.find(({ kind }) => kind === 'license')
      const segment = requests.filter(({ kind, failed }) => kind === 'media' && !failed).toSorted((a, b) => a.end - b.end)[0]
      assert.ok(license && segment, JSON.stringify(requests))
      assert.ok(license.start < segment.end, `the licence was asked for at ${license.start}, and a segment was there at ${segment.end}`)
      assert.deepEqual(await keysAsked(site, log), [Object.keys(films[name].keys)])
    })
  }

  await t.test('another language: within a segment, and the film never waits', async () => {
    await start(films['shaka-live-number'])
    await reach(1)
    const { tracks: before } = await tracks()
    const languages = before.filter(({ kind }) => kind === 'audio').map(({ language, active, id }) => ({ language, active, id }))
    assert.deepEqual(
      languages.map(({ language, active }) => [language, active]),
      [
        ['en', true],
        ['de', false],
      ],
    )
    const switched = await run(
      page,
      'German',
      async (id) => {
        const { stage } = globalThis
        const { player, video } = stage
        const quality = player.tracks.tracks.find((track) => track.id === id).qualities[0].id
        stage.heard.length = 0
        const at = video.currentTime
        await player.selectTrack('audio', id)
        const active = player.tracks.tracks.find((track) => track.id === id).active
        await stage.until(() => stage.qualityAt('audio', video.currentTime) === quality)
        return { at, active, took: video.currentTime - at, waited: stage.heard.includes('waiting') }
      },
      languages[1].id,
    )
    assert.equal(switched.active, true)
    assert.ok(switched.took < within, JSON.stringify(switched))
    if (engine === 'chromium') assert.equal(switched.waited, false)
    const de = (await asked()).filter((name) => /^de-\d/.test(name))
    assert.ok(de.length >= 4, `${de}`)
    await fast()
    await ended()
    if (engine === 'chromium') assert.ok(!(await heard()).slice(0, -1).includes('waiting'), `${await heard()}`)
    const told = (await run(page, 'qualities', () => globalThis.stage.told('qualitychange'))).filter(({ kind }) => kind === 'audio')
    assert.equal(told.length, 2, JSON.stringify(told))
  })

  await t.test('the language that is preferred is the one that plays from the start', async () => {
    await start(films['shaka-on-demand'], { audioLanguages: ['fr', 'de'], textLanguages: 'de' })
    await reach(0.6)
    const active = (await tracks()).tracks.filter((track) => track.active && track.kind !== 'video').map(({ kind, language }) => [kind, language])
    assert.deepEqual(active.toSorted(), [
      ['audio', 'de'],
      ['text', 'de'],
    ])
    assert.ok(!(await asked()).includes('en.mp4'))
  })

  await t.test('a language where there is none is refused, and the film plays on', async () => {
    await start(films['shaka-live-time'], little)
    const code = await run(page, 'refusal', () => globalThis.stage.player.selectTrack('audio', 'nobody').catch(({ code }) => code))
    assert.equal(code, 'CONFIG_INVALID')
    await reach(1)
  })

  await t.test('a quality by hand: from the next segment on, and the picture has its height; then the player chooses again', async () => {
    await start(films['shaka-live-number'], { ...little, abr: { maxHeight: 144 } })
    await reach(0.5)
    const height = () => run(page, 'height', () => globalThis.stage.video.videoHeight)
    assert.equal(await height(), 144)
    const select = (height) =>
      run(
        page,
        `${height} lines`,
        async (height) => {
          const { stage } = globalThis
          const { id } = stage.player.tracks.tracks.find(({ kind }) => kind === 'video').qualities.find((quality) => quality.height === height)
          const at = stage.video.currentTime
          await stage.player.selectQuality(id)
          await stage.until(() => stage.video.videoHeight === height)
          return { took: stage.video.currentTime - at, auto: stage.player.tracks.auto }
        },
        height,
      )
    const up = await select(360)
    assert.ok(up.took < within, JSON.stringify(up))
    assert.equal(up.auto, false)
    const down = await select(234)
    assert.ok(down.took < within, JSON.stringify(down))
    await run(page, 'auto', () => globalThis.stage.player.selectQuality(null))
    assert.equal((await tracks()).auto, true)
    await fast()
    await ended()
    assert.equal(await height(), 144, 'the limit holds again')
    const heights = (await told('qualitychange')).filter(({ kind }) => kind === 'video').map(({ quality }) => quality.height)
    assert.deepEqual(heights, [144, 360, 234, 144])
  })

  await t.test('limits: the height that the app allows, and the size of the element', async () => {
    const best = async (config) => {
      await start(films['shaka-live-number'], { abr: { startBitrate: 5_000_000, ...config } })
      await reach(1)
      const { qualities } = (await tracks()).tracks.find(({ kind }) => kind === 'video')
      await fast()
      await ended()
      return { allowed: qualities.filter(({ allowed }) => allowed).map(({ height }) => height), played: [...new Set((await pictures()).map(parseInt))].sort() }
    }
    assert.deepEqual(await best({ maxHeight: 234 }), { allowed: [144, 234], played: [234] })
    assert.deepEqual((await best({})).allowed, [144, 234, 360])
    const size = (width, height) => run(page, 'size', (width, height) => void Object.assign(globalThis.stage.video, { width, height }), width, height)
    await size(160, 90)
    assert.deepEqual(await best({}), { allowed: [144], played: [144] })
    assert.deepEqual((await best({ limitToSize: false })).allowed, [144, 234, 360])
    await size(480, 270)
  })
})
