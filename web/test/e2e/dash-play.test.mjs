// What people do with a DASH film while it plays: they jump, they change the language, the subtitles, the quality.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { keysAsked, serveFilms, testsIn } from './dash.mjs'
import { inEach } from './each.mjs'
import { run } from './open.mjs'

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
  const test = testsIn(t, browser, site)

  // What a busy machine takes to fetch and append is then less of the film. WebKitGTK's decoders would have more of the former quality by then.
  const slowly = { rate: engine === 'webkit' ? 1 : 0.5 }

  await test('jumps: into what is there and what is not, many at once, and back from the end, which comes again', async ({
    page,
    start,
    jump,
    reach,
    ended,
    finish,
    errors,
    told,
    heard,
    pictures,
  }) => {
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
    await finish()
    await run(page, 'play again', () => {
      globalThis.stage.video.currentTime = 10
      return globalThis.stage.video.play()
    })
    await ended()
    const states = (await told('statechange')).map(({ state }) => state)
    assert.equal(states.filter((state, i) => state === 'ended' && states[i - 1] !== 'ended').length, 2, `${states}`)
    assert.equal((await heard()).filter(({ type }) => type === 'ended').length, 2)
    await run(page, 'back to the start', () => {
      globalThis.stage.video.playbackRate = 1
      globalThis.stage.video.currentTime = 0
      return globalThis.stage.video.play()
    })
    await reach(0.3)
    assert.equal(await run(page, 'state', () => globalThis.stage.player.state), 'ready')
    assert.deepEqual(await errors(), [])
  })

  await test('jumps over the borders of Periods, clear and encrypted, to and fro: each key is asked for once', async ({
    start,
    jump,
    reach,
    finish,
  }) => {
    const log = await start(films['hand-ad'], little)
    await reach(0.2)
    for (const to of [9, 2, 5, 10, 5.5]) await jump(to)
    await finish()
    const keys = await keysAsked(site, log)
    assert.deepEqual(keys.flat(), Object.keys(films['hand-ad'].keys))
  })

  await test('other codecs and containers: one MediaSource where the browser can change type, another where it cannot', async ({
    page,
    start,
    jump,
    reach,
    finish,
    heard,
  }, t) => {
    const log = await start(films['hand-formats'], little)
    await reach(0.2)
    for (const to of [9, 5, 1]) await jump(to)
    await finish()
    const sources = (await heard()).filter(({ type }) => type === 'loadstart').length
    const changes = await run(page, 'changeType', () => 'changeType' in (globalThis.SourceBuffer?.prototype ?? {}))
    if (engine !== 'webkit') assert.deepEqual([changes, sources], [true, 1])
    t.diagnostic(`${engine}: changeType ${changes}, ${sources} sources`)
    const keys = (await keysAsked(site, log)).flat()
    assert.deepEqual(keys.toSorted(), Object.keys(films['hand-formats'].keys).toSorted())
  })

  for (const name of ['shaka-live-cenc', 'shaka-on-demand-cbcs', 'shaka-live-webm-cenc']) {
    await test(`${name}: one licence, asked for before the first segment is there`, async ({ page, start, told }) => {
      const log = await start(films[name])
      const license = (await run(page, 'timings', () => globalThis.stage.player.timings)).find(({ step }) => step === 'license')
      const first = Math.min(...(await told('request')).filter(({ kind, failed }) => kind === 'media' && !failed).map(({ end }) => end))
      assert.ok(license.start < first, `the licence was asked for at ${license.start}, and a segment was there at ${first}`)
      assert.deepEqual(await keysAsked(site, log), [Object.keys(films[name].keys)])
    })
  }

  await test('another language: within a segment, and the film never waits', async ({ page, start, reach, finish, asked, told, heard, tracks }) => {
    await start(films['shaka-live-number'], {}, slowly)
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
        return { at, active, took: video.currentTime - at, waited: stage.heard.filter(({ type }) => type === 'waiting') }
      },
      languages[1].id,
    )
    assert.equal(switched.active, true)
    assert.ok(switched.took < within, JSON.stringify(switched))
    if (engine === 'chromium') assert.deepEqual(switched.waited, [])
    const de = (await asked()).filter((name) => /^de-\d/.test(name))
    assert.ok(de.length >= 4, `${de}`)
    await reach(switched.at + switched.took + 1)
    if (engine === 'chromium')
      assert.deepEqual(
        (await heard()).filter(({ type }) => type === 'waiting'),
        [],
      )
    await finish()
    const changes = (await told('qualitychange')).filter(({ kind }) => kind === 'audio')
    assert.equal(changes.length, 2, JSON.stringify(changes))
  })

  await test('the language that is preferred is the one that plays from the start', async ({ start, reach, asked, tracks }) => {
    await start(films['shaka-on-demand'], { audioLanguages: ['fr', 'de'], textLanguages: 'de' })
    await reach(0.6)
    const active = (await tracks()).tracks.filter((track) => track.active && track.kind !== 'video').map(({ kind, language }) => [kind, language])
    assert.deepEqual(active.toSorted(), [
      ['audio', 'de'],
      ['text', 'de'],
    ])
    assert.ok(!(await asked()).includes('en.mp4'))
  })

  await test('a language where there is none is refused, and the film plays on', async ({ page, start, reach }) => {
    await start(films['shaka-live-time'], little)
    const code = await run(page, 'refusal', () => globalThis.stage.player.selectTrack('audio', 'nobody').catch(({ code }) => code))
    assert.equal(code, 'CONFIG_INVALID')
    await reach(1)
  })

  await test('a quality by hand: from the next segment on, and the picture has its height; then the player chooses again', async ({
    page,
    start,
    reach,
    finish,
    told,
    tracks,
  }) => {
    await start(films['shaka-live-number'], { ...little, abr: { maxHeight: 144 } }, slowly)
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
    await finish()
    assert.equal(await height(), 144, 'the limit holds again')
    const heights = (await told('qualitychange')).filter(({ kind }) => kind === 'video').map(({ quality }) => quality.height)
    assert.deepEqual(heights, [144, 360, 234, 144])
  })

  await test('limits: the height that the app allows, and the size of the element', async ({ page, start, reach, finish, tracks, pictures }) => {
    const best = async (config) => {
      await start(films['shaka-live-number'], { abr: { startBitrate: 5_000_000, ...config } }, { rate: 2 })
      await reach(1)
      const { qualities } = (await tracks()).tracks.find(({ kind }) => kind === 'video')
      await finish()
      return {
        allowed: qualities.filter(({ allowed }) => allowed).map(({ height }) => height),
        played: [...new Set((await pictures()).map((name) => Number(name.split('-')[0])))],
      }
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
