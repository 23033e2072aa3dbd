// Subtitles of DASH films: native text tracks, which the browser's own controls show, filled while they are shown.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { names } from '../browser.mjs'
import { texts } from '../dash-source.mjs'
import { screen, serveFilms } from './dash.mjs'
import { inEach } from './each.mjs'
import { openStage, run } from './open.mjs'

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

inEach('subtitles', { engines: names, limit: 240_000 }, async (t, browser) => {
  const page = await openStage(browser, site)
  const { start, reach, jump, fast, ended, errors, asked, selectTrack, tracks } = screen(page)
  const listed = () => run(page, 'text tracks', native)
  const until = (language, text) => run(page, `"${text}" on the screen`, shows, language, text)
  const mode = (language, mode) =>
    run(
      page,
      `${language} ${mode}`,
      (language, mode) => {
        const track = [...globalThis.stage.video.textTracks].find((track) => track.language === language)
        track.mode = mode
      },
      language,
      mode,
    )
  const shown = async () => (await tracks()).tracks.filter(({ kind, active }) => kind === 'text' && active).map(({ language }) => language)
  const told = (language) =>
    run(
      page,
      `tracks with ${language}`,
      (language) => {
        const { stage } = globalThis
        return stage.until(
          () =>
            stage.player.tracks.tracks
              .filter(({ kind, active }) => kind === 'text' && active)
              .map(({ language }) => language)
              .join() === language,
        )
      },
      language,
    )
  t.afterEach(async () => {
    assert.deepEqual(page.complaints.splice(0), [])
    assert.deepEqual(await errors(), [])
  })

  await t.test('two whole files: none is fetched before it is shown; chosen by the app, and as controls choose', async () => {
    await start(films['shaka-on-demand'])
    await reach(0.2)
    assert.deepEqual(
      (await listed()).map(({ kind, language, mode, cues }) => [kind, language, mode, cues.length]),
      [
        ['subtitles', 'en', 'disabled', 0],
        ['subtitles', 'de', 'disabled', 0],
      ],
    )
    assert.deepEqual(await shown(), [])
    assert.ok(!(await asked()).some((name) => name.endsWith('.vtt')))

    const english = (await tracks()).tracks.find(({ kind, language }) => kind === 'text' && language === 'en')
    await selectTrack('text', english.id)
    assert.deepEqual(await shown(), ['en'])
    await until('en', 'Over a border of two segments')
    const [en] = await listed()
    assert.equal(en.mode, 'showing')
    assert.deepEqual(
      en.cues.map(([start, end]) => [start, end]),
      [...texts.en.matchAll(/:(\d\d\.\d+) --> \d+:\d+:(\d\d\.\d+)/g)].map(([, start, end]) => [Number(start), Number(end)]),
    )

    await mode('en', 'disabled')
    await mode('de', 'showing')
    await told('de')
    await until('de', 'Über die Grenze zweier Segmente')
    assert.deepEqual((await asked()).filter((name) => name.endsWith('.vtt')), ['en.vtt', 'de.vtt'])

    await selectTrack('text', null)
    assert.deepEqual(await shown(), [])
    assert.ok((await listed()).every(({ mode }) => mode !== 'showing'))
    await selectTrack('text', english.id)
    await jump(9)
    await until('en', 'The end & nothing more')
    await mode('en', 'disabled')
    await told('')
    await fast()
    await ended()
  })

  await t.test('in segments: a cue over their border is there once, whole; another film takes the tracks away', async () => {
    await start(films['shaka-live-number'], { textLanguages: ['en'], buffer: { ahead: 4 } })
    await until('en', 'The first second')
    await until('en', 'Over a border of two segments')
    await fast()
    await ended()
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
