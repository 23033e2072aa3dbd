// The players of the benchmark behind one face: make(video, licenseURL) gives { load(film), close() }. Each is set up as its own documentation
// has it, with all that helps it: the peers know the licence server and get key ids and pssh boxes from the manifest, before any media.
import RxPlayer from 'rx-player'
import shaka from 'shaka-player/dist/shaka-player.dash.js'
import { Player } from '/dist/keystream.js'

shaka.polyfill.installAll()

const mpd = (film) => `/mpd/${film.name}.mpd`

const players = {
  keystream(video, license) {
    const player = new Player(video, { keySystems: { 'org.w3.clearkey': { license } } })
    return { load: (film) => player.load(film.files.map((file) => `/media/${file}`)), close: () => player.close() }
  },

  async 'shaka-player'(video, license) {
    const player = new shaka.Player()
    await player.attach(video)
    player.configure({ drm: { servers: { 'org.w3.clearkey': license } } })
    return { load: (film) => player.load(mpd(film)), close: () => player.destroy() }
  },

  'rx-player'(video, license) {
    const player = new RxPlayer({ videoElement: video })
    const getLicense = async (message) => {
      const response = await fetch(license, { method: 'POST', body: message })
      return response.arrayBuffer()
    }
    const keySystems = [{ type: 'org.w3.clearkey', getLicense }]
    const load = (film) =>
      new Promise((_, reject) => {
        player.addEventListener('error', reject)
        player.loadVideo({ url: new URL(mpd(film), location.href).href, transport: 'dash', keySystems, autoPlay: false })
      })
    return { load, close: () => player.dispose() }
  },
}

const patience = 15_000

/** Waits for an event of the element, for a failure of the load, and not for ever. */
function reached(video, type, loading) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${type} within ${patience / 1000} s`)), patience)
    const end = (settle) => (value) => {
      clearTimeout(late)
      settle(value)
    }
    video.addEventListener(type, end(resolve), { once: true })
    loading.catch(end(reject))
  })
}

const bench = {
  video: undefined,
  player: undefined,

  async make(name) {
    bench.video = document.body.appendChild(document.createElement('video'))
    bench.video.muted = true
    bench.player = await players[name](bench.video, '/license')
  },

  /**
   * Loads a film, and plays it to its end if told to; then lets what is under way come in. Milliseconds since load() was called: see watch.mjs;
   * canplay is the element's.
   */
  async load(film, { toEnd = false, quiet }) {
    const { eme } = globalThis
    const { video } = bench
    eme.start(video, Object.keys(film.keys))
    const from = performance.now()
    const loading = Promise.resolve(bench.player.load(film))
    await reached(video, 'canplay', loading)
    const canplay = performance.now() - from
    if (toEnd) {
      const ended = reached(video, 'ended', loading)
      video.playbackRate = 4
      video.play().catch(() => {})
      await ended
    }
    await new Promise((resolve) => setTimeout(resolve, quiet))
    return { ...eme.read(), canplay }
  },

  async close() {
    await bench.player?.close()
    bench.video?.remove()
    bench.player = bench.video = undefined
  },
}

globalThis.bench = bench
