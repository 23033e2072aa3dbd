import { DASH, EME } from 'rx-player/features'
import RxPlayer from 'rx-player/minimal'

RxPlayer.addFeatures([DASH, EME])

export function make(video, license) {
  const player = new RxPlayer({ videoElement: video })
  const getLicense = async (message) => {
    const response = await fetch(license, { method: 'POST', body: message })
    return response.arrayBuffer()
  }
  const keySystems = [{ type: 'org.w3.clearkey', getLicense }]
  const load = (mpd) =>
    new Promise((resolve, reject) => {
      player.addEventListener('error', reject)
      player.addEventListener('playerStateChange', (state) => state === 'LOADED' && resolve())
      player.loadVideo({ url: new URL(mpd, location.href).href, transport: 'dash', keySystems, autoPlay: true })
    })
  return { load, close: () => player.dispose() }
}
