import { Player } from './keystream.js'

export function make(video, license) {
  const player = new Player(video, { keySystems: { 'org.w3.clearkey': { license } } })
  return { load: (mpd) => player.load(mpd), close: () => player.close() }
}
