// The form of the page: which film, how it is buffered, and the code that they make.

import { code } from '../code.js'

const $ = (id) => document.getElementById(id)
const chosen = () => list.find((film) => film.id === $('film').value) // or undefined, for the visitor's own
let list = []

// ready fills the form, from the address too (film or mpd, license, ahead, algorithm, autoplay), and calls load when the visitor asks for a film.
export async function ready(load, video) {
  const response = await fetch('/media/dash.json')
  if (!response.ok) throw new Error(`/media/dash.json: HTTP ${response.status}`)
  list = await response.json()
  $('film').append(...list.map((film) => new Option(film.title, film.id)), new Option('An MPD of your own', ''))

  const query = new URLSearchParams(location.search)
  for (const id of ['film', 'mpd', 'license', 'ahead', 'algorithm']) if (query.has(id)) $(id).value = query.get(id)
  if (query.has('mpd')) $('film').value = ''
  else $('film').value ||= list[0].id // also where the address names none of these
  $('load').disabled = false

  $('film').addEventListener('change', () => showFilm(video))
  $('choice').addEventListener('input', showCode)
  $('choice').addEventListener('submit', (event) => {
    event.preventDefault()
    video.parentElement.scrollIntoView({ block: 'nearest' })
    load()
  })
  showFilm(video)

  if (query.get('autoplay') === '1') {
    video.muted = true
    load()
  }
}

// choices gives what to load, and how; on makes other addresses of those on this server.
export function choices(on = (url) => url) {
  const film = chosen()
  const key = film ? licensed(film, on) : own(on)
  return {
    source: on(film ? `/media/${film.mpd}` : $('mpd').value.trim()),
    config: {
      ...(key && { keySystems: { 'org.w3.clearkey': key } }),
      buffer: { ahead: $('ahead').valueAsNumber || 12 },
      abr: { algorithm: $('algorithm').value, limitToSize: $('limit').checked },
    },
  }
}

const licensed = ({ keys }, on) => (Object.keys(keys).length > 0 ? { license: on('/license') } : undefined)

function own(on) {
  const license = $('license').value.trim()
  const keys = Object.fromEntries($('keys').value.split('\n').filter((line) => line.trim()).map((line) => line.split(':').map((part) => part.trim())))
  if (!license && Object.keys(keys).length === 0) return undefined
  return { ...(license && { license: on(license) }), ...(Object.keys(keys).length > 0 && { keys }) }
}

function showFilm(video) {
  const film = chosen()
  $('own').hidden = Boolean(film)
  $('mpd').required = !film
  video.poster = film?.poster ? `/media/${film.poster}` : ''
  $('about').textContent = film ? about(film) : 'With Clear Key, or without encryption.'
  showCode()
}

function about({ description, heights, duration }) {
  return `${description}; ${heights.map((height) => `${height}p`).join(', ')}; ${duration} s`
}

function showCode() {
  const { source, config } = choices()
  const { abr, buffer, ...rest } = config
  if (abr.algorithm === 'auto') delete abr.algorithm // the defaults go without saying
  if (abr.limitToSize) delete abr.limitToSize
  $('code').textContent = code({ ...rest, buffer, ...(Object.keys(abr).length > 0 && { abr }) }, source)
}
