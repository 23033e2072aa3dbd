// What the page knows of the qualities of a film, by their ids and bitrates: Periods may use an id for different things.

const known = new Map() // kind, id and bitrate → { kind, height, bitrate… }

/** Colours there are: dash.css has .level-0 to .level-5, the last one for the best. */
const levels = 6

// learn remembers the qualities of tracks. Those of other Periods stay known.
export function learn(tracks) {
  for (const { kind, qualities } of tracks) {
    qualities.forEach((quality, i) => known.set(key(kind, quality.id, quality.bitrate), { ...quality, kind, place: i, of: qualities.length }))
  }
}

export const forget = () => known.clear()
export const quality = (kind, id, bitrate) => known.get(key(kind, id, bitrate))

const key = (...parts) => parts.join(' ')

// ladder gives the qualities of the picture, the lowest first, each name once.
export function ladder() {
  const named = new Map([...known.values()].filter(({ kind }) => kind === 'video').map((quality) => [name(quality), quality]))
  return [...named.values()].sort((a, b) => a.bitrate - b.bitrate)
}

// rung gives how good a quality is, up to 1 for the best, and its colour's class: a picture's among those of all Periods, a sound's among those of its track.
export function rung(quality) {
  const names = ladder().map(name)
  const [place, of] = quality.kind === 'video' ? [names.indexOf(name(quality)), names.length] : [quality.place, quality.of]
  const level = of > 1 ? Math.floor((place * (levels - 1)) / (of - 1)) : levels - 1
  return { share: (place + 1) / of, swatch: `level-${level}` }
}

export const name = ({ height, bitrate }) => (height ? `${height}p` : bits(bitrate))

// bits writes bits a second.
export function bits(rate) {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(rate < 1e7 ? 1 : 0)} Mbit/s`
  return `${Math.round(rate / 1e3)} kbit/s`
}
