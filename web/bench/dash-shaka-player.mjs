import shaka from 'shaka-player/dist/shaka-player.dash-es2021.js'

shaka.polyfill.installAll()

export async function make(video, license) {
  const player = new shaka.Player()
  await player.attach(video)
  player.configure({ drm: { servers: { 'org.w3.clearkey': license } } })
  return { load: (mpd) => player.load(mpd), close: () => player.destroy() }
}
