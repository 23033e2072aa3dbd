// The panel: the player's events, told as the steps of EME.
// https://www.w3.org/TR/encrypted-media-2/

import { decrypter, element } from '../status.js'

// What the page says of each stage, and who is at work in it (the colour of its mark).
const stages = {
  configure: ['player.wasm runs', 'page', 'It checks the configuration and the source.'],
  probe: ['Read the head of the file', 'film', 'Container, codecs, encryption scheme and key ids come from the file itself.'],
  negotiate: ['requestMediaKeySystemAccess()', 'cdm', 'Can the browser decrypt this, with these codecs and this scheme? If not, can Keystream?'],
  'attach-keys': ['createMediaKeys() · setMediaKeys()', 'cdm', 'A decryption module is started and tied to the video element.'],
  'generate-request': ['createSession() · generateRequest()', 'cdm', 'The module is given the init data, and will ask for keys.'],
  license: ['message', 'licence', 'The module asks for a licence.'],
  update: ['update()', 'licence', 'The licence is given to the module.'],
  open: ['Attach the source', 'film', 'The video element gets its media.'],
  fetch: ['Fetch', 'film', ''],
  append: ['Append', 'film', ''],
  decode: ['Decode', 'film', ''],
}

// narrate writes what happens to player into list (an <ol>), until another player is narrated into it. Its begin() starts the list anew.
export function narrate(player, list) {
  const steps = new Steps(list)
  let granted = false
  let state = ''

  player.addEventListener('statechange', ({ detail }) => {
    if (!granted && detail.configuration) {
      granted = true
      const { configuration, report } = detail
      steps.add('granted', 'Access granted', 'cdm', `${detail.keySystem}, decrypted by ${decrypter(detail)}.`, { configuration, report })
    }
    if (detail.state !== 'failed' && stages[detail.stage]) steps.stage(detail.stage, detail)
    if (detail.state !== state) {
      state = detail.state
      if (state === 'ready') steps.add('ready', 'Can play', 'film', `load() has resolved. Played by ${detail.mode}.`)
      if (state === 'ended') steps.add('ended', 'Ended', 'film', '')
    }
  })
  player.addEventListener('encrypted', ({ detail }) => {
    steps.add('encrypted', 'encrypted', 'film', `The element met init data: ${detail.initDataType}, ${detail.initData?.byteLength ?? 0} bytes.`, detail)
  })
  player.addEventListener('licenserequest', ({ detail }) => {
    steps.add('licenserequest', 'Licence request', 'licence', `A ${detail.messageType} for ${count(detail.keyIds, 'key')}.`, detail)
  })
  player.addEventListener('keystatuschange', ({ detail }) => {
    steps.add('keystatuschange', 'Key statuses', 'cdm', detail.keys.map((key) => key.status).join(', ') || 'none', detail)
  })
  player.addEventListener('stall', ({ detail }) => {
    const at = `At ${detail.position.toFixed(1)} s.`
    if (detail.cause) steps.add('stall', `Stalled: ${detail.cause}`, detail.cause === 'key' ? 'licence' : 'error', at, detail)
    else steps.add('resume', 'Goes on', 'film', at)
  })
  player.addEventListener('error', ({ detail }) => steps.error(detail))
  return {
    begin() {
      granted = false
      steps.begin()
      steps.add('load', 'load()', 'page', 'The first load of a page fetches and starts player.wasm.')
    },
  }
}

class Steps {
  #list
  #since = performance.now()
  #last = '' // stage; a statechange that changes something else repeats it
  #repeated = new Map() // fetch and append come once a chunk: their notes and counts
  #told = ''

  constructor(list) {
    this.#list = list
  }

  begin() {
    this.#list.replaceChildren()
    this.#since = performance.now()
    this.#last = this.#told = ''
    this.#repeated.clear()
  }

  // stage adds a step of the player; fetching and appending, which repeat, keep one row each and count.
  stage(stage, detail) {
    if (stage === this.#last) return
    this.#last = stage

    const seen = this.#repeated.get(stage)
    if (seen) {
      seen.note.textContent = `${++seen.times} times`
      return
    }
    const [name, by, note] = stages[stage]
    const row = this.add(stage, name, by, stage === 'open' && detail.types?.length ? detail.types.join(' + ') : note)
    if (stage === 'fetch' || stage === 'append') this.#repeated.set(stage, { times: 1, note: row.querySelector('.note') })
  }

  // error adds a failure, once: load() rejects with the same error that the event carries.
  error(detail) {
    const told = detail.code + detail.message
    if (told === this.#told) return
    this.#told = told
    this.add('error', detail.code, 'error', `${detail.message} (${detail.stage})`, detail)
  }

  // add appends a row: the step's stable name, its name for people, whose work it is, a note, and what opens below it.
  add(id, name, by, note, detail) {
    const step = element('div', '', 'step')
    const time = element('time', `${Math.round(performance.now() - this.#since)}`)
    step.append(time, element('span', name, 'name'), element('span', note, 'note'))

    const row = element('li')
    row.dataset.by = by
    row.dataset.step = id
    row.append(detail ? unfold(step, detail) : step)
    this.#list.append(row)
    return row
  }
}

// unfold makes a step that opens on its details.
function unfold(step, detail) {
  const details = element('details')
  const summary = element('summary', '', 'step')
  summary.append(...step.childNodes)
  details.append(summary, element('pre', JSON.stringify(detail, plain, 2)))
  return details
}

// plain writes bytes as hex and leaves out what is not there.
function plain(_, value) {
  if (value instanceof Uint8Array) return [...value].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return value === null || value === '' ? undefined : value
}

function count(list, what) {
  return `${list.length} ${what}${list.length === 1 ? '' : 's'}`
}
