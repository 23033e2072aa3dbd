// The form of the page: which film or file, in how many pieces, and the code that they make.

import { code } from '../code.js'
import { films, offer } from '../films.js'

const $ = (id) => document.getElementById(id)
const chosen = () => list.find((film) => film.name === $('film').value)
const tracks = () => document.querySelector('[name="tracks"]:checked').value
let list = []
let own = [] // the visitor's own files

// ready fills the form, from the address too (film, tracks, chunks, autoplay), and calls load when the visitor asks for a film.
export async function ready(load, video) {
  const query = new URLSearchParams(location.search)
  list = (await films()).filter((film) => film.fragmented && Object.keys(film.keys ?? {}).length === 0)
  offer($('film'), list, query.get('film'))
  for (const radio of document.querySelectorAll('[name="tracks"]')) radio.checked ||= radio.value === query.get('tracks')
  if (query.has('chunks')) $('chunks').value = query.get('chunks')
  $('load').disabled = false

  $('film').addEventListener('change', () => showFilm(video))
  $('choice').addEventListener('input', showCode)
  $('choice').addEventListener('submit', (event) => {
    event.preventDefault()
    video.parentElement.scrollIntoView({ block: 'nearest' })
    load()
  })
  takeFiles(video)
  showFilm(video)

  if (query.get('autoplay') === '1') {
    video.muted = true
    load()
  }
}

// choices gives what to load: a source for each track.
export function choices() {
  const chunks = $('chunks').valueAsNumber || 5
  const urls = chosen() ? files(chosen()) : own
  const sources = urls.map((url) => ({ url, chunks }))
  return sources.length === 1 ? sources[0] : sources
}

// files are the addresses of a film's tracks, as far as they are wanted and it has them apart.
function files(film) {
  if (film.files.length === 1 || tracks() === 'all') return film.files
  return film.files.filter((_, i) => sound(film.codecs[i]) === (tracks() === 'audio'))
}

const sound = (codec) => /^(mp4a|opus|vorbis|flac)/i.test(codec)

function showFilm(video) {
  const film = chosen()
  video.poster = film?.poster ?? ''
  $('about').textContent = film ? [...film.codecs.join().split(','), `${Math.round(film.duration)} s`].join(' · ') : 'From your machine.'
  for (const radio of document.querySelectorAll('[name="tracks"]')) radio.disabled = (film?.files.length ?? 1) === 1
  showCode()
}

// takeFiles lets the visitor choose files of their own, or drop them; they become one more film in the list.
function takeFiles(video) {
  const take = (chosenFiles) => {
    if (chosenFiles.length === 0) return
    own = [...chosenFiles]
    $('film').querySelector('[value=""]')?.remove()
    $('film').prepend(new Option(`Yours: ${own.map((file) => file.name).join(' + ')}`, '', true, true))
    showFilm(video)
  }
  $('own').addEventListener('change', () => take($('own').files))
  const drop = $('drop')
  drop.addEventListener('dragover', (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
  drop.addEventListener('dragleave', () => drop.classList.remove('over'))
  drop.addEventListener('drop', (event) => {
    event.preventDefault()
    drop.classList.remove('over')
    take(event.dataTransfer.files)
  })
}

function showCode() {
  if (chosen()) {
    $('code').textContent = code({}, choices())
    return
  }
  let i = 0
  $('code').textContent = code({}, choices())
    .replace('\nconst', "\nconst { files } = document.querySelector('input[type=file]')\nconst")
    .replace(/url: file\b/g, () => `url: files[${i++}]`)
}
