// The page's half of the DASH benchmark. It is bundled with one player, as a site would: `peer` is dash-<player>.mjs, whose make(video, licenseURL)
// gives { load(mpd), close() }, set up as the player's own documentation has it.
import { make } from 'peer'

const video = document.querySelector('video')
const failed = Promise.withResolvers()

globalThis.bench = {
  /** When the first picture is shown, in milliseconds since the navigation. */
  frame: Promise.race([failed.promise, new Promise((resolve) => video.requestVideoFrameCallback(resolve))]),

  /**
   * Loads a manifest on top of what plays: the milliseconds from its last byte to the first request that it leads to, and the longest task of the
   * page's thread in them (0 where none took 50 ms).
   */
  async parse(mpd) {
    const tasks = []
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()))
    observer.observe({ type: 'longtask' })
    performance.clearResourceTimings()
    performance.setResourceTimingBufferSize(10_000)
    await loaded
    const player = await bench.player
    Promise.resolve(player.load(mpd)).catch(failed.reject)
    const { from, to } = await Promise.race([failed.promise, answer(mpd)])
    await new Promise((resolve) => setTimeout(resolve, 100))
    const during = tasks.filter(({ startTime, duration }) => startTime < to && startTime + duration > from)
    return { time: to - from, longest: Math.max(0, ...during.map(({ duration }) => duration)) }
  },
}

async function answer(mpd) {
  for (;;) {
    const entries = performance.getEntriesByType('resource')
    const [manifest] = entries.filter(({ name }) => name.endsWith(mpd))
    const from = manifest?.responseEnd
    const [next] = entries.filter(({ name, startTime }) => /\.(mp4|m4s)$/.test(name) && startTime >= from)
    if (next) return { from, to: next.startTime }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const mpd = new URLSearchParams(location.search).get('mpd')
bench.player = Promise.resolve(make(video, '/license'))
const loaded = bench.player.then((player) => player.load(mpd))
loaded.catch(failed.reject)
