// The page's side of gobrowser: runs the test binary with the bridge in place, and sends what it prints and its exit code to the server.
import { preload, warm } from '../src/head.ts'
import { bridge } from '../src/host.ts'

// A test may look at the Workers that were started, and have other scripts started in place of the right ones. It may give a head start, and look at how
// often MediaKeys were made of an access.
const gobrowser = {
  preload,
  warm,
  mediaKeys: 0,
  refused: 0, // how many MediaKeys are to be refused next
  workers: [],
  script: '',
  wasm: '',

  /** Asks the Worker of measured.js for the bytes of memory that its program has. */
  memory() {
    const channel = new BroadcastChannel('memory')
    return new Promise((resolve) => {
      channel.onmessage = ({ data }) => {
        channel.close()
        resolve(data)
      }
      channel.postMessage('')
    })
  },
}
globalThis.gobrowser = gobrowser
if (globalThis.MediaKeySystemAccess) {
  const { createMediaKeys } = MediaKeySystemAccess.prototype
  MediaKeySystemAccess.prototype.createMediaKeys = async function () {
    gobrowser.mediaKeys++
    if (gobrowser.refused-- > 0) throw new DOMException('the test wants it so', 'NotAllowedError')
    return createMediaKeys.call(this)
  }
}
globalThis.Worker = class extends Worker {
  constructor(script, options) {
    super(gobrowser.script ? (policy?.createScriptURL(gobrowser.script) ?? gobrowser.script) : script, options)
    gobrowser.workers.push(this)
  }

  postMessage(message, transfer) {
    if (message.type === 'start' && gobrowser.wasm) message.wasm = new URL(gobrowser.wasm, location.href).href
    super.postMessage(message, transfer)
  }
}
const policy = globalThis.trustedTypes?.createPolicy('gobrowser', { createScriptURL: (url) => url })

let sent = Promise.resolve()
function send(path, body) {
  sent = sent.then(() => fetch(path, { method: 'POST', body }).then(() => {}))
  return sent
}

let over = false
function exit(code) {
  if (over) return
  over = true
  send('/gobrowser/exit', String(code))
}

globalThis.fs.writeSync = (fd, bytes) => {
  send(`/gobrowser/write/${fd}`, bytes.slice())
  return bytes.length
}
function crash(error) {
  send('/gobrowser/write/2', `gobrowser: ${error}\n${error?.stack ?? ''}\n`)
}
addEventListener('error', (event) => crash(event.error))
addEventListener('unhandledrejection', (event) => crash(event.reason))

const go = new globalThis.Go()
const { args, env } = await (await fetch('/gobrowser/run')).json()
go.argv = ['browser.test', ...args]
go.env = env
// Whatever unwinds Go's stack leaves it dead, and a test that it ran would wait for ever.
const resume = go._resume
go._resume = () => {
  try {
    resume.call(go)
  } catch (error) {
    bury()
    crash(error)
    exit(2)
  }
}
let code = 0
go.exit = (status) => {
  bury()
  code = status
}

/** Go's glue calls a timer's program again and again until it takes notice, and a dead one never does. */
function bury() {
  for (const timeout of go._scheduledTimeouts.values()) clearTimeout(timeout)
  go._scheduledTimeouts.clear()
}
globalThis.__keystream = { bridge }
try {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/gobrowser/test.wasm'), go.importObject)
  await go.run(instance)
} catch (error) {
  crash(error)
  code = 2
}
exit(code)
