import { Player } from '../dist/keystream.js'
import { count, fail, say, show } from '../status.js'
import { choices, ready } from './form.js'
import { narrate } from './steps.js'

const video = document.querySelector('video')
let player

async function load() {
  const { source, config } = choices()
  const previous = player
  const mine = (player = new Player(video, config))

  say('loading')
  narrate(mine, document.querySelector('#steps'))
  mine.addEventListener('statechange', ({ detail }) => mine === player && show(video, detail))
  mine.addEventListener('error', ({ detail }) => mine === player && fail(detail))

  await previous?.close() // one player at a time holds the element and its keys
  try {
    await mine.load(source)
  } catch (error) {
    if (mine === player) fail(error) // else a newer load has taken over
    return
  }
  // A browser may refuse to start a film with sound that nobody has clicked for. The controls are there.
  if (mine === player) await video.play().catch(() => {})
}

count(video)
ready(load, video).catch(fail)
