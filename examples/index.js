// The film of the first page plays without this script, which tells how it fares and lists the others.

import { films } from './films.js'
import { count, element, fail, show, stalled } from './status.js'

const video = document.querySelector('keystream-video')

// It starts by itself, without sound, for visitors who have not asked for less motion.
video.toggleAttribute('autoplay', matchMedia('(prefers-reduced-motion: no-preference)').matches)

// The element has the events of a <video>, and those of the player.
video.addEventListener('statechange', ({ detail }) => show(video, detail))
video.addEventListener('stall', ({ detail }) => stalled(detail))
video.addEventListener('error', ({ detail }) => fail(detail))
count(video)

films().then(list).catch(fail)
fetch('media/dash.json').then((response) => response.json()).then(listAdaptive).catch(fail)

function list(all) {
  for (const film of all) {
    const encrypted = Object.keys(film.keys ?? {}).length > 0
    if (!encrypted && !film.fragmented) continue // of interest to tests only
    const about = [film.container, ...film.codecs.join().split(','), film.scheme]
    add('#films', `${encrypted ? 'clearkey' : 'mse'}/?film=${encodeURIComponent(film.name)}`, film.title, about)
  }
}

function listAdaptive(all) {
  for (const { id, title, heights, scheme } of all) {
    add('#adaptive', `dash/?film=${encodeURIComponent(id)}`, title, ['dash', ...heights.map((height) => `${height}p`), scheme])
  }
}

function add(list, href, title, about) {
  const link = element('a', title)
  link.href = href
  const item = element('li')
  item.append(link, element('span', about.filter(Boolean).join(' · ')))
  document.querySelector(list).append(item)
}
