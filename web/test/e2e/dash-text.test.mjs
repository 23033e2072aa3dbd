// Subtitles of DASH films: native text tracks, which the browser's own controls show, filled while they are shown.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { texts } from '../dash-source.mjs'
import { serveFilms, testsIn } from './dash.mjs'
import { inEach } from './each.mjs'
import { run } from './open.mjs'

let site
let films
before(async () => {
  ;({ site, films } = await serveFilms())
})
after(() => site?.close())

/** In the page: the text tracks of the element, with the cues that they have. */
const native = () =>
  [...globalThis.stage.video.textTracks].map(({ kind, language, mode, cues }) => ({
    kind,
    language,
    mode,
    cues: [...(cues ?? [])].map(({ startTime, endTime, text }) => [startTime, endTime, text]),
  }))

/** In the page: waits until a track shows a text. */
const shows = (language, text) => {
  const { stage } = globalThis
  const track = [...stage.video.textTracks].find((track) => track.language === language)
  return stage.until(() => [...(track.activeCues ?? [])].some((cue) => cue.getCueAsHTML().textContent === text))
}

/** What a test does with the text tracks of a page. */
const texting = (page) => ({
  listed: () => run(page, 'text tracks', native),

  sees: (language, text) => run(page, `"${text}" on the screen`, shows, language, text),

  /** Chooses as controls do. */
  mode: (language, mode) =>
    run(
      page,
      `${language} ${mode}`,
      (language, mode) => {
        const track = [...globalThis.stage.video.textTracks].find((track) => track.language === language)
        track.mode = mode
      },
      language,
      mode,
    ),

  /** Waits until the player says that the text of this language, or none, is shown. */
  shown: (language) =>
    run(
      page,
      `"${language}" shown`,
      (language) => {
        const { until, player } = globalThis.stage
        return until(() => (player.tracks.tracks.find(({ kind, active }) => kind === 'text' && active)?.language ?? '') === language)
      },
      language,
    ),
})

inEach('subtitles', { engines: names, limit: 240_000 }, async (t, browser) => {
  const test = testsIn(t, browser, site)

  await test('two whole files: none is fetched before it is shown; chosen by the app, and as controls choose', async ({
    page,
    start,
    reach,
    jump,
    finish,
    asked,
    selectTrack,
    tracks,
  }) => {
    const { listed, sees, mode, shown } = texting(page)
    await start(films['shaka-on-demand'])
    await reach(0.2)
    assert.deepEqual(
      (await listed()).map(({ kind, language, mode, cues }) => [kind, language, mode, cues.length]),
      [
        ['subtitles', 'en', 'hidden', 0],
        ['subtitles', 'de', 'hidden', 0],
      ],
    )
    await shown('')
    assert.ok(!(await asked()).some((name) => name.endsWith('.vtt')))

    const english = (await tracks()).tracks.find(({ kind, language }) => kind === 'text' && language === 'en')
    await selectTrack('text', english.id)
    await shown('en')
    await sees('en', 'Over a border of two segments')
    const [en] = await listed()
    assert.equal(en.mode, 'showing')
    assert.deepEqual(
      en.cues.map(([start, end]) => [start, end]),
      [...texts.en.matchAll(/:(\d\d\.\d+) --> \d+:\d+:(\d\d\.\d+)/g)].map(([, start, end]) => [Number(start), Number(end)]),
    )

    await mode('en', 'disabled')
    await mode('de', 'showing')
    await shown('de')
    await sees('de', 'Über die Grenze zweier Segmente')
    assert.deepEqual(
      (await asked()).filter((name) => name.endsWith('.vtt')),
      ['en.vtt', 'de.vtt'],
    )

    await selectTrack('text', null)
    await shown('')
    assert.ok((await listed()).every(({ mode }) => mode !== 'showing'))
    await selectTrack('text', english.id)
    await jump(9)
    await sees('en', 'The end & nothing more')
    await mode('en', 'disabled')
    await shown('')
    await finish()
  })

  await test('in segments: a cue over their border is there once, whole; another film takes the tracks away', async ({ page, start, finish }) => {
    const { listed, sees } = texting(page)
    await start(films['shaka-live-number'], { textLanguages: ['en'], buffer: { ahead: 4 } })
    await sees('en', 'The first second')
    await sees('en', 'Over a border of two segments')
    await finish()
    const [{ cues }, ...others] = await listed()
    assert.deepEqual(others, [])
    assert.deepEqual(
      cues.map(([start, end]) => [start, end]),
      [...texts.en.matchAll(/:(\d\d\.\d+) --> \d+:\d+:(\d\d\.\d+)/g)].map(([, start, end]) => [Number(start), Number(end)]),
    )
    await start(films['shaka-live-time'])
    assert.deepEqual(await listed(), [])
  })
})
