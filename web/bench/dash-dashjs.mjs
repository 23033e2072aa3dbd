import dashjs from 'dashjs'

export function make(video, license) {
  const player = dashjs.MediaPlayer().create()
  // It would give the pssh boxes of a segment to Clear Key as if they were key ids.
  player.updateSettings({ streaming: { protection: { ignoreEmeEncryptedEvent: true } } })
  player.initialize(video, null, false)
  player.setProtectionData({ 'org.w3.clearkey': { serverURL: license } })
  const load = (mpd) =>
    new Promise((resolve, reject) => {
      player.on('error', ({ error }) => reject(new Error(error?.message ?? String(error))))
      player.on('canPlay', resolve)
      player.attachSource(mpd)
    })
  return { load, close: () => player.destroy() }
}
