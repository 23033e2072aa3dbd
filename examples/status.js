// What the player says, put on the page: its state, its facts, its errors. The demo pages share it.

const $ = (id) => document.getElementById(id)

const words = {
  idle: 'Choose a film and load it.',
  loading: 'Loading …',
  ready: 'It can play.',
  ended: 'The film is over.',
}

// say puts one of the player's states on the status line.
export function say(state) {
  if (!(state in words)) return
  $('status').textContent = state
  $('status').className = ''
  $('said').textContent = words[state]
  if (state === 'loading') $('error').replaceChildren()
}

// show puts a statechange on the page.
export function show(video, { state, mode, types, keySystem }) {
  const facts = { Mode: mode, Types: types?.join(' + '), 'Key system': keySystem, Frames: `${frames(video)} decoded` }
  const rows = Object.entries(facts).filter(([, value]) => value)
  $('facts').replaceChildren(...rows.flatMap(([name, value]) => [element('dt', name), element('dd', value)]))
  $('facts').lastChild.id = 'frames'
  say(state)
}

// fail puts an error on the page: the detail of an error event, what load() rejects with, or any error at all.
export function fail({ code = 'DEMO', fatal = true, message, remedy, httpStatus }) {
  const title = element('strong', httpStatus ? `${code} · HTTP ${httpStatus}` : code)
  $('error').replaceChildren(title, element('p', message), element('p', remedy))
  if (!fatal) return
  $('status').textContent = code
  $('status').className = 'failed'
  $('said').textContent = 'It cannot play.'
}

// count keeps the number of decoded frames up to date.
export function count(video) {
  const update = () => $('frames') && ($('frames').textContent = `${frames(video)} decoded`)
  video.addEventListener('timeupdate', update)
  video.addEventListener('ended', update)
}

const frames = (video) => video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0

// element makes an element with text in it; text is never parsed as HTML.
export function element(name, text = '', className = '') {
  const made = document.createElement(name)
  made.textContent = text
  if (className) made.className = className
  return made
}
