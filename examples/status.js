// What the player says, put on the page: its state, its facts, its errors. The demo pages share it.

const $ = (id) => document.getElementById(id)

const words = {
  idle: 'Choose a film and load it.',
  loading: 'Loading …',
  ready: 'It can play.',
  ended: 'The film is over.',
}

const stalls = {
  network: 'It waits for the network.',
  gap: 'There is a gap in the film.',
  key: 'It waits for a key.',
  decoder: 'Film and keys are there, and no picture comes.',
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

// stalled says why playback stands still: the detail of a stall event, which comes again, without a cause, when it is over.
export function stalled({ cause, keyIds }) {
  const ids = keyIds.map((id) => `${id.slice(0, 8)}…`).join(', ')
  $('said').textContent = cause ? `${stalls[cause]} ${ids}` : words[$('status').textContent] ?? ''
}

// fail puts an error on the page: the detail of an error event, what load() rejects with, or any error at all.
export function fail({ code = 'DEMO', fatal = true, message, remedy, httpStatus, report }) {
  const title = element('strong', httpStatus ? `${code} · HTTP ${httpStatus}` : code)
  $('error').replaceChildren(title, element('p', message), element('p', remedy), ...(report ? [answers(report)] : []))
  if (!fatal) return
  $('status').textContent = code
  $('status').className = 'failed'
  $('said').textContent = 'It cannot play.'
}

// answers opens on what the browser was asked about its key systems, and what it said.
function answers(report) {
  const details = element('details')
  details.id = 'report'
  details.open = true
  details.append(element('summary', 'What the browser was asked'), element('pre', report.text))
  return details
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
