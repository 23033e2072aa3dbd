// The chart below the panel: when each step of licensing began in this load, and how long it took.

import { element } from '../status.js'

const names = {
  negotiate: 'requestMediaKeySystemAccess()',
  'attach-keys': 'setMediaKeys()',
  'generate-request': 'generateRequest()',
  license: 'the licence',
  update: 'update()',
}

// draw keeps a <tbody> up to date with the timings of a player's newest load.
export function draw(player, body) {
  let since = performance.now()
  const update = () => {
    const timings = player.timings.filter((timing) => timing.start >= since)
    const end = Math.max(...timings.map(({ start, duration }) => start + duration))
    body.replaceChildren(...timings.slice(-24).map((timing) => row(timing, since, end - since)))
  }
  player.addEventListener('statechange', ({ detail }) => {
    if (detail.stage === 'configure' && detail.state === 'loading') since = performance.now()
    update()
  })
  for (const type of ['keystatuschange', 'error']) player.addEventListener(type, update)
  update()
}

function row({ step, keyIds, start, duration, failed }, since, length) {
  const bar = element('i')
  bar.style.marginInlineStart = `${(100 * (start - since)) / length}%`
  bar.style.width = `${(100 * duration) / length}%`
  const track = element('td', '', 'track')
  track.append(bar)

  const name = element('th', names[step] ?? step)
  name.scope = 'row'
  name.title = keyIds.join(', ')
  const made = element('tr')
  made.dataset.step = step
  made.dataset.failed = failed
  made.append(name, track, element('td', failed ? 'failed' : `${duration.toFixed(1)} ms`))
  return made
}
