// The panel that asks what this browser has, key system by key system, without playing anything.

import { element } from '../status.js'

const $ = (id) => document.getElementById(id)

const words = {
  codec: 'Codecs',
  'init-data-type': 'Init data',
  'encryption-scheme': 'Schemes',
  robustness: 'Robustness',
  'persistent-state': 'Persistent state',
  'distinctive-identifier': 'Identifier',
  'session-type': 'Sessions',
  hdcp: 'HDCP',
}

// offerProbe shows what ask promises, a KeySystemReport, when the visitor wants it.
export function offerProbe(ask) {
  $('probe').disabled = false
  $('probe').addEventListener('click', async () => {
    $('probe').disabled = true
    $('probed').replaceChildren(element('p', 'Asking …'))
    try {
      show(await ask())
    } catch ({ code, message, remedy }) {
      $('probed').replaceChildren(element('p', `${code}: ${message}. ${remedy}`))
    }
    $('probe').disabled = false
  })
}

function show({ secure, permitted, eme, systems, text }) {
  const page = { 'Secure context': secure, 'Permitted by policy': permitted, 'Encrypted Media Extensions': eme }
  const facts = element('ul', '', 'chips')
  facts.append(...Object.entries(page).map(([name, is]) => chip(name, is)))
  const words = element('details', '', 'more')
  words.append(element('summary', 'The whole report, as text'), element('pre', text))
  $('probed').replaceChildren(facts, ...systems.map(card), words)
}

function card({ keySystem, granted, software, refused, findings }) {
  const made = element('article')
  made.dataset.keySystem = keySystem
  made.dataset.granted = granted
  made.dataset.software = software
  const title = element('h3', keySystem)
  // What the browser refuses, Keystream may have.
  title.append(chip(granted && !software ? 'granted' : 'refused', granted !== '' && !software))
  if (software) title.append(chip('granted by Keystream', true))
  made.append(title)
  if (granted && granted !== keySystem) made.append(element('p', `as ${granted}`))
  if (refused && refused.element !== 'key-system') made.append(element('p', `${refused.element} ${refused.value}`, 'mono'))
  if (refused && !software) made.append(element('p', refused.remedy))
  if (software) made.append(element('p', 'Keystream decrypts in software here. It is not protection.'))

  const list = element('dl', '', 'facts')
  for (const [name, label] of Object.entries(words)) {
    const answers = findings.filter((finding) => finding.element === name)
    if (answers.length === 0) continue
    const chips = element('dd', '', 'chips')
    chips.append(...answers.map((finding) => chip(finding.value || 'none', finding.granted)))
    list.append(element('dt', label), chips)
  }
  made.append(list)
  return made
}

// chip is a word with a yes or a no, which colour alone does not tell.
function chip(text, is) {
  const made = element('span', `${is ? '✓' : '✗'} ${text}`, 'chip')
  made.dataset.is = is
  return made
}
