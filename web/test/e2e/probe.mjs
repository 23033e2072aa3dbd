// Watches what the page and its Go program exchange, from outside: it stands between keystream.js and WebAssembly, and is imported before it.

/** Of the newest Go program: its instance, the bridge that it was given, and the bytes and texts that it copied into its memory. */
export const probe = {
  instance: undefined,
  bridge: undefined,
  copied: 0,
  texts: 0,

  /** Every Worker that the page has made, and whether it is ready: { worker, started }. */
  workers: [],

  /** Makes the next call out of the program throw, which unwinds its stack as a trap would. */
  kill() {
    killed = true
  },
}
let killed = false

const { instantiate } = WebAssembly
WebAssembly.instantiate = async (module, imports) => {
  const { gojs } = imports
  // The arguments lie on Go's stack, above a return address, and then the results. Bytes: slice, source, count; a string: source, slice.
  count(gojs, 'syscall/js.copyBytesToGo', 40, 'copied')
  count(gojs, 'syscall/js.valueLoadString', 24, 'texts')
  for (const [name, f] of Object.entries(gojs)) {
    gojs[name] = (sp) => {
      if (killed) {
        killed = false
        throw new WebAssembly.RuntimeError('killed by the test')
      }
      f(sp)
    }
  }
  probe.instance = await instantiate(module, imports)
  return probe.instance
}

function count(functions, name, at, sum) {
  const f = functions[name]
  functions[name] = (sp) => {
    f(sp)
    probe[sum] += Number(new DataView(probe.instance.exports.mem.buffer).getBigInt64((sp >>> 0) + at, true))
  }
}

// keystream.js lends the bridge to Go as a property of the global object.
const { defineProperty } = Object
Object.defineProperty = (target, name, descriptor) => {
  if (target === globalThis && name === '__keystream' && descriptor.value) probe.bridge = descriptor.value.bridge
  return defineProperty(target, name, descriptor)
}

globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args)
    const entry = { worker: this, started: false }
    probe.workers.push(entry)
    this.addEventListener('message', ({ data }) => {
      entry.started ||= data.type === 'started'
    })
  }
}

/** Makes time pass faster for the page and its Go program, as far as they see: the clock and the timers. */
export function hurry(factor) {
  const now = performance.now.bind(performance)
  performance.now = () => factor * now()
  const later = globalThis.setTimeout
  globalThis.setTimeout = (f, delay, ...args) => later(f, delay / factor, ...args)
  const often = globalThis.setInterval
  globalThis.setInterval = (f, delay, ...args) => often(f, delay / factor, ...args)
}
