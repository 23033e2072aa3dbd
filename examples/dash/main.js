import { Player } from '../dist/keystream.js'
import { count, fail, say, show, stalled } from '../status.js'
import { drawBuffer } from './buffer.js'
import { choices, ready } from './form.js'
import * as history from './history.js'
import { drawLadder } from './ladder.js'
import { offerLine, onLine } from './line.js'
import { offerTracks, showTracks } from './menus.js'
import { learn } from './qualities.js'
import * as requests from './requests.js'

const video = document.querySelector('video')
let player
let made // what the player was made with, as text

// What the page does with the events of its player.
const tell = {
  statechange: (detail) => show(video, detail),
  error: fail,
  stall(detail) {
    stalled(detail)
    history.stall(detail)
  },
  trackschange(detail) {
    learn(detail.tracks)
    showTracks(detail)
  },
  qualitychange: history.plays,
  request: (detail) => detail.kind !== 'license' && requests.add(detail),
}

// make gives the player of a configuration. The same one again keeps its player, which has its keys and knows the network.
async function make(config) {
  const text = JSON.stringify(config)
  if (text === made) return player

  made = text
  const previous = player
  const mine = (player = new Player(video, config))
  for (const [type, f] of Object.entries(tell)) mine.addEventListener(type, ({ detail }) => mine === player && f(detail))
  await previous?.close() // one player at a time holds the element and its keys
  return mine
}

async function load() {
  const { source, config } = choices(onLine)
  say('loading')
  history.begin()
  requests.begin()
  showTracks({ tracks: [], auto: true })
  const mine = await make(config)
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

function draw() {
  if (player && ['loading', 'ready'].includes(player.state)) {
    history.sample(player)
    requests.licenses(player.timings)
  }
  drawLadder()
  drawBuffer(player?.buffered ?? {}, video)
}

count(video)
offerTracks(() => player, fail)
draw()
setInterval(draw, matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 250)
offerLine()
  .then(() => ready(load, video))
  .catch(fail)
