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

// Why the browser's Clear Key does not do, by the element that was refused.
const refusals = {
  eme: () => 'this browser has no Encrypted Media Extensions',
  'secure-context': () => 'this page is not secure (http), and browsers switch Encrypted Media Extensions off there',
  'permissions-policy': () => 'this page may not use Encrypted Media Extensions',
  'key-system': () => 'this browser has no Clear Key',
  'encryption-scheme': (scheme) => `this browser does not decrypt ${scheme}`,
  codec: (type) => `this browser does not decrypt ${type}`,
  src: () => 'no browser decrypts a progressive MP4',
}

// decrypter says who decrypts, and why: of a statechange, or '' where nothing is encrypted.
export function decrypter({ keySystem, software, report }) {
  if (!keySystem) return ''
  if (!software) return 'the browser'
  const refused = report?.systems.find((system) => system.software)?.refused
  if (!refused) return 'Keystream, because it was asked to'
  const why = refusals[refused.element]?.(refused.value) ?? `the browser refuses ${refused.element} ${refused.value}`
  return `Keystream, because ${why}`
}

// show puts a statechange on the page.
export function show(video, detail) {
  const { state, mode, types, keySystem } = detail
  const facts = {
    Mode: mode,
    Types: types?.join(' + '),
    'Key system': keySystem,
    'Decrypted by': decrypter(detail),
    Frames: `${frames(video)} decoded`,
  }
  const rows = Object.entries(facts).filter(([, value]) => value)
  $('facts').replaceChildren(...rows.flatMap(([name, value]) => [element('dt', name), element('dd', value)]))
  $('facts').lastChild.id = 'frames'
  $('facts').dataset.software = detail.software
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
