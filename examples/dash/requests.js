// The waterfall: a row for each request that is over, in the order in which they were sent.

import { element } from '../status.js'
import { bits } from './qualities.js'

const $ = (id) => document.getElementById(id)
const most = 300
const rows = new Map() // <button> → the detail of its request
let since = performance.now()
let licensed = 0 // licences that have a row
let drawing = 0

export function begin() {
  since = performance.now()
  licensed = 0
  rows.clear()
  $('requests').replaceChildren()
  $('request').textContent = $('until').textContent = ''
}

// licenses takes player.timings, which has every licence, whoever answered for it: a server, or a function of the page's.
export function licenses(timings) {
  const ours = timings.filter(({ step, start }) => step === 'license' && start >= since)
  for (const { keyIds, start, duration, failed } of ours.slice(licensed)) {
    add({ kind: 'license', keyIds, start, opened: 0, end: start + duration, failed })
  }
  licensed = ours.length
}

// add takes the detail of a request event.
export function add(request) {
  if (request.start < since) return // of the film before
  const row = element('button', '', 'request')
  row.type = 'button'
  row.tabIndex = rows.size === 0 ? 0 : -1 // one stop for Tab; the arrow keys go on from there
  row.dataset.kind = request.kind
  row.dataset.outcome = outcome(request)
  const track = element('span', '', 'track')
  track.append(element('i', '', 'wait'), element('i', '', 'body'))
  row.append(element('span', names[request.kind], 'kind'), element('span', file(request), 'file'), track, element('span', short(request), 'took'))
  rows.set(row, request)

  const item = element('li')
  item.append(row)
  const before = [...$('requests').children].findLast(({ firstChild }) => rows.get(firstChild).start <= request.start)
  const atEnd = $('requests').scrollTop + $('requests').clientHeight > $('requests').scrollHeight - 40
  if (before) before.after(item)
  else $('requests').prepend(item)
  if (rows.size > most) drop()
  if (atEnd) $('requests').scrollTop = $('requests').scrollHeight
  drawing ||= requestAnimationFrame(draw)
}

const names = { manifest: 'manifest', license: 'licence', init: 'init', index: 'index', media: 'media', text: 'text' }

function drop() {
  const { firstChild: row } = $('requests').firstChild
  rows.delete(row)
  row.parentElement.remove()
  if (row.tabIndex === 0) $('requests').querySelector('button').tabIndex = 0
}

// draw lays all bars out on one axis.
function draw() {
  drawing = 0
  const all = [...rows.values()]
  const begin = Math.min(...all.map(({ start }) => start))
  const length = Math.max(...all.map(({ end }) => end)) - begin
  $('until').textContent = `${(length / 1000).toFixed(1)} s`
  const percent = (ms) => `${(100 * ms) / length}%`
  for (const [row, { start, opened, end }] of rows) {
    const [wait, body] = row.querySelectorAll('i')
    const answered = opened || end
    wait.style.marginInlineStart = percent(start - begin)
    wait.style.width = percent(answered - start)
    body.style.width = percent(end - answered)
  }
}

// tell shows all that is known of the request whose row an event is about.
function tell({ target }) {
  const row = target.closest('button')
  const request = rows.get(row)
  if (!request) return
  $('requests').querySelector('.told')?.classList.remove('told')
  row.classList.add('told')
  const list = element('dl', '', 'facts')
  for (const [name, value] of Object.entries(facts(request))) if (value) list.append(element('dt', name), element('dd', value))
  $('request').replaceChildren(list)
}

function facts({ kind, keyIds, url, rangeStart, rangeLength, start, opened, end, bytes, status, failed, cancelled }) {
  if (kind === 'license') {
    return { Licence: failed ? 'failed' : 'came', Keys: keyIds.join(', '), Asked: `${ms(start - since)} after load()`, Took: ms(end - start) }
  }
  return {
    [names[kind]]: new URL(url).pathname,
    Range: rangeLength ? `bytes ${rangeStart} to ${rangeStart + rangeLength - 1}` : '',
    Answer: status ? `HTTP ${status}${cancelled ? ', cancelled' : failed ? ', failed' : ''}` : cancelled ? 'cancelled' : 'none: failed',
    Sent: `${ms(start - since)} after load()`,
    Waited: opened ? ms(opened - start) : '',
    Came: opened ? `${bytes.toLocaleString('en-GB')} bytes in ${ms(end - opened)}` : '',
    Rate: opened && bytes && end > opened ? bits((bytes * 8000) / (end - opened)) : '',
  }
}

const outcome = ({ cancelled, failed }) => (cancelled ? 'cancelled' : failed ? 'failed' : 'done')
const ms = (time) => `${Math.round(time).toLocaleString('en-GB')} ms`
const file = ({ url, keyIds }) => (keyIds ? `${keyIds.length} ${keyIds.length === 1 ? 'key' : 'keys'}` : url.split('/').pop())

function short({ cancelled, failed, status, bytes, start, end }) {
  if (cancelled) return 'cancelled'
  if (failed) return status ? `failed, ${status}` : 'failed'
  return [...(bytes ? [`${Math.ceil(bytes / 1000)} kB`] : []), ms(end - start)].join(' · ')
}

// move takes the focus along the rows.
function move(event) {
  const item = event.target.closest('li')
  const list = $('requests')
  const to = { ArrowDown: item?.nextSibling, ArrowUp: item?.previousSibling, Home: list.firstChild, End: list.lastChild }[event.key]
  if (!to) return
  event.preventDefault()
  event.target.tabIndex = -1
  to.firstChild.tabIndex = 0
  to.firstChild.focus()
}

for (const type of ['focusin', 'pointerover', 'click']) $('requests').addEventListener(type, tell)
$('requests').addEventListener('keydown', move)
