// How this page sees what a player does: it listens in on MediaSource and on the network. A page of your own needs none of it.

// watchAppends calls seen after each append to any SourceBuffer with {buffer, type, bytes, at, from, to}: at in milliseconds of
// performance.now(), from and to the seconds of film that it added (equal where it added none, as a header does).
export function watchAppends(seen) {
  const types = new WeakMap()
  for (const source of [globalThis.MediaSource, globalThis.ManagedMediaSource]) {
    if (!source || !Object.hasOwn(source.prototype, 'addSourceBuffer')) continue
    const add = source.prototype.addSourceBuffer
    source.prototype.addSourceBuffer = function (type) {
      const buffer = add.call(this, type)
      types.set(buffer, type)
      return buffer
    }
  }

  const prototype = globalThis.SourceBuffer?.prototype
  if (!prototype) return
  const append = prototype.appendBuffer
  prototype.appendBuffer = function (data) {
    const bytes = data.byteLength
    const from = end(this)
    append.call(this, data)
    this.addEventListener('updateend', () => {
      seen({ buffer: this, type: types.get(this) ?? '', bytes, at: performance.now(), from, to: end(this) })
    }, { once: true })
  }
}

// watchRequests calls seen for each finished request with its PerformanceResourceTiming.
// https://www.w3.org/TR/resource-timing/
export function watchRequests(seen) {
  new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type: 'resource' })
}

// end is the second up to which a buffer has film.
function end(buffer) {
  try {
    const { buffered } = buffer
    return buffered.length ? buffered.end(buffered.length - 1) : 0
  } catch {
    return 0 // the buffer has left its MediaSource
  }
}
