// The form of the page: which film, which keys, and the code that they make.

import { code } from '../code.js'
import { films, offer } from '../films.js'
import { element } from '../status.js'

const $ = (id) => document.getElementById(id)
const origin = () => document.querySelector('[name="keys"]:checked').value
const chosen = () => list.find((film) => film.name === $('film').value)
let list = []

// ready fills the form, from the address too (film, keys, software, mode, autoplay), and calls load when the visitor asks for a film.
export async function ready(load, video) {
  const query = new URLSearchParams(location.search)
  list = (await films()).filter((film) => Object.keys(film.keys ?? {}).length > 0)
  offer($('film'), list, query.get('film'))
  if (query.get('keys') === 'server') $('keys-server').checked = true
  for (const id of ['software', 'mode']) {
    if (query.has(id)) $(id).value = query.get(id)
  }
  $('load').disabled = false

  $('film').addEventListener('change', () => showFilm(video))
  $('restore').addEventListener('click', showKeys)
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

// choices gives what to load, and how.
export function choices() {
  const { files } = chosen()
  const keySystem = origin() === 'page' ? { keys: keys() } : { license: license() }
  return {
    source: files.length === 1 ? files[0] : files, // a URL, or one a track
    config: { softwareClearKey: $('software').value, mode: $('mode').value, keySystems: { 'org.w3.clearkey': keySystem } },
  }
}

function keys() {
  return Object.fromEntries([...$('keys').querySelectorAll('input')].map((input) => [input.name, input.value.trim()]))
}

function license() {
  const token = $('token').value.trim()
  return token ? { url: '/license', headers: { Authorization: `Bearer ${token}` } } : '/license'
}

function showFilm(video) {
  const film = chosen()
  $('about').textContent = about(film)
  if (film.poster) video.poster = film.poster
  showKeys()
}

function about({ scheme, codecs, duration }) {
  return [scheme, ...codecs.join().split(','), `${Math.round(duration)} s`].filter(Boolean).join(' · ')
}

function showKeys() {
  $('keys').replaceChildren(...Object.entries(chosen().keys).map(([kid, key]) => {
    const input = element('input', '', 'mono')
    Object.assign(input, { type: 'text', id: `key-${kid}`, name: kid, value: key, spellcheck: false, autocomplete: 'off' })
    const label = element('label', 'Key of id ')
    label.htmlFor = input.id
    label.append(element('code', kid))
    const field = element('div')
    field.append(label, input)
    return field
  }))
  showCode()
}

function showCode() {
  $('page-keys').hidden = origin() !== 'page'
  $('server-token').hidden = origin() !== 'server'
  const { config, source } = choices()
  const said = Object.entries(config).filter(([, value]) => value !== 'auto') // which is the default
  $('code').textContent = code(Object.fromEntries(said), source)
}
