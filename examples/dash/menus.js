// The menus: quality, sound and subtitles.

import { bits, name } from './qualities.js'

const $ = (id) => document.getElementById(id)

// offerTracks has the menus change what the current player plays.
export function offerTracks(current, fail) {
  $('quality').addEventListener('change', () => current().selectQuality($('quality').value || null).catch(fail))
  $('audio').addEventListener('change', () => current().selectTrack('audio', $('audio').value).catch(fail))
  $('text').addEventListener('change', () => current().selectTrack('text', $('text').value || null).catch(fail))
  showTracks({ tracks: [], auto: true })
}

// showTracks fills the menus: the detail of a trackschange.
export function showTracks({ tracks, auto }) {
  const qualities = tracks.find(({ kind, active }) => kind === 'video' && active)?.qualities ?? []
  const high = qualities.toReversed().map((quality) => ({
    id: quality.id,
    text: `${name(quality)} · ${bits(quality.bitrate)}`,
    disabled: !quality.allowed,
    active: !auto && quality.active,
  }))
  fill('quality', [{ id: '', text: 'auto', active: auto }, ...high])
  fill('audio', languages(tracks, 'audio'))
  const texts = languages(tracks, 'text')
  fill('text', [{ id: '', text: 'off', active: !texts.some(({ active }) => active) }, ...texts])
}

function languages(tracks, wanted) {
  return tracks.filter(({ kind }) => kind === wanted).map(({ id, label, language, roles, active }) => {
    const role = roles.filter((role) => !['main', 'subtitle'].includes(role)).join(', ')
    return { id, active, text: [label || language || 'unnamed', role].filter(Boolean).join(' · ') }
  })
}

// fill gives a menu its options, unless it has them: a menu that somebody has opened should stay as it is.
function fill(id, options) {
  const select = $(id)
  const text = JSON.stringify(options.map(({ active, ...rest }) => rest))
  const before = select.value
  if (select.dataset.options !== text) {
    select.dataset.options = text
    select.replaceChildren(...options.map(({ id, text, disabled = false }) => Object.assign(new Option(text, id), { disabled })))
    select.disabled = options.length < 2
  }
  // A quality that was chosen by hand plays from the next segment on, and stays chosen until then.
  const chosen = id === 'quality' && !options[0].active && options.some((option) => option.id === before && before)
  select.value = chosen ? before : (options.find(({ active }) => active)?.id ?? before)
}
