// The picture of the buffer: a lane for each SourceBuffer, a block for each append that brought film, and a row for each append and request.

import { element } from '../status.js'
import { watchAppends, watchRequests } from './watch.js'

const $ = (id) => document.getElementById(id)
let lanes = new Map() // SourceBuffer → its lane
let since = 0
let films = [] // the addresses whose requests are shown

// picture draws what video gets, from now on.
export function picture(video) {
  watchAppends((append) => {
    if (append.at < since) return
    row('steps', append.at, kind(append.type), bytes(append.bytes), `${append.from.toFixed(2)} – ${append.to.toFixed(2)}`)
    lane(append).append(append)
    draw()
  })
  watchRequests((entry) => {
    if (entry.startTime < since || !films.includes(entry.name)) return
    const size = entry.encodedBodySize ? bytes(entry.encodedBodySize) : '–'
    row('requests', entry.startTime, entry.name.split('/').pop(), size, entry.duration.toFixed(0))
  })

  const draw = () => lanes.forEach((one) => one.draw(video.duration, video.currentTime))
  for (const type of ['durationchange', 'timeupdate', 'seeking']) video.addEventListener(type, draw)
}

// clear begins anew, for a film from these addresses.
export function clear(urls) {
  since = performance.now()
  films = urls.map((url) => new URL(url, location.href).href)
  lanes = new Map()
  for (const id of ['lanes', 'steps', 'requests']) $(id).replaceChildren()
}

class Lane {
  #track = element('div', '', 'track')
  #head = element('span', '', 'head')
  #blocks = [] // {from, to, block}

  constructor(type) {
    const lane = element('div', '', 'lane')
    this.#head.hidden = true
    this.#track.append(this.#head)
    lane.append(element('div', type, 'name'), this.#track)
    $('lanes').append(lane)
  }

  append({ from, to, bytes: size }) {
    if (to <= from) return
    const block = element('div', '', 'block')
    block.title = `${from.toFixed(2)} to ${to.toFixed(2)} s, ${bytes(size)} bytes`
    this.#track.append(block)
    this.#blocks.push({ from, to, block })
  }

  draw(duration, now) {
    if (!Number.isFinite(duration) || duration <= 0) return
    const percent = (seconds) => `${Math.min(100, (100 * seconds) / duration)}%`
    for (const { from, to, block } of this.#blocks) {
      block.style.left = percent(from)
      block.style.width = percent(to - from)
    }
    this.#head.style.left = percent(now)
    this.#head.hidden = false
  }
}

function lane({ buffer, type }) {
  if (!lanes.has(buffer)) lanes.set(buffer, new Lane(type))
  return lanes.get(buffer)
}

function row(id, at, ...cells) {
  const tr = element('tr')
  tr.append(...[Math.round(at - since), ...cells].map((cell) => element('td', cell)))
  $(id).append(tr)
}

const kind = (type) => (/codecs="[^"]*,/.test(type) ? 'both' : type.split('/')[0])
const bytes = (n) => n.toLocaleString('en-GB')
