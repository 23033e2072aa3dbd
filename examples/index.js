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

function list(all) {
  for (const film of all) {
    const encrypted = Object.keys(film.keys ?? {}).length > 0
    if (!encrypted && !film.fragmented) continue // of interest to tests only
    const link = element('a', film.title)
    link.href = `${encrypted ? 'clearkey' : 'mse'}/?film=${encodeURIComponent(film.name)}`
    const item = element('li')
    item.append(link, element('span', [film.container, ...film.codecs.join().split(','), film.scheme].filter(Boolean).join(' · ')))
    document.querySelector('#films').append(item)
  }
}
