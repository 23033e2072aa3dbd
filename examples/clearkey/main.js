import { Player } from '../dist/keystream.js'
import { count, fail, say, show, stalled } from '../status.js'
import { choices, ready } from './form.js'
import { offerProbe } from './probe.js'
import { offerRetry } from './retry.js'
import { narrate } from './steps.js'
import { draw } from './timings.js'

const video = document.querySelector('video')
let player
let made // what the player was made with, as text
let steps

// make gives the player of a configuration. The same one again keeps its player, which has its keys: nothing is asked for twice.
async function make(config) {
  const text = JSON.stringify(config)
  if (text === made) return player

  made = text
  const previous = player
  const mine = (player = new Player(video, config))
  steps = narrate(mine, document.querySelector('#steps'))
  for (const [type, tell] of Object.entries({ statechange: (detail) => show(video, detail), stall: stalled, error: fail })) {
    mine.addEventListener(type, ({ detail }) => mine === player && tell(detail))
  }
  draw(mine, document.querySelector('#timings'))
  offerRetry(mine, video)
  await previous?.close() // one player at a time holds the element and its keys
  return mine
}

async function load() {
  const { source, config } = choices()
  say('loading')
  const made = make(config)
  steps.begin()
  const mine = await made
  if (mine !== player) return // a newer choice has taken over
  try {
    await mine.load(source)
  } catch (error) {
    if (mine === player && error.code !== 'LOAD_INTERRUPTED') fail(error)
    return
  }
  // A browser may refuse to start a film with sound that nobody has clicked for. The controls are there.
  await video.play().catch(() => {})
}

count(video)
offerProbe(() => Player.probe())
ready(load, video).catch(fail)
