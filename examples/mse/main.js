import { Player } from '../dist/keystream.js'
import { count, fail, say, show, stalled } from '../status.js'
import { choices, ready } from './form.js'
import { clear, picture } from './picture.js'

const video = document.querySelector('video')
const player = new Player(video)

player.addEventListener('statechange', ({ detail }) => show(video, detail))
player.addEventListener('stall', ({ detail }) => stalled(detail))
player.addEventListener('error', ({ detail }) => fail(detail))

async function load() {
  const source = choices()
  say('loading')
  clear([source].flat().map(({ url }) => url))
  try {
    await player.load(source) // a load during a load takes over from it
  } catch (error) {
    if (error.code !== 'LOAD_INTERRUPTED') fail(error)
    return
  }
  // A browser may refuse to start a film with sound that nobody has clicked for. The controls are there.
  await video.play().catch(() => {})
}

count(video)
picture(video)
ready(load, video).catch(fail)
