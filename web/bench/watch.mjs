/**
 * Stands between any player and the browser's EME, and sees what it does there. It runs in the page before every other script, so it refers to
 * nothing outside itself. `globalThis.eme` is then the stopwatch of one load.
 */
export function watch() {
  const hex = (id) => Array.from(new Uint8Array(id.buffer ?? id), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const sessions = new WeakMap() // MediaKeys → its sessions that are not closed
  const leaving = new WeakSet() // elements whose keys are being replaced
  let current = { marks: {} }

  const eme = {
    created: 0,

    /** Starts the clock for a load on an element, of a film with these key ids. */
    start(video, keyIds) {
      current = { video, keyIds, from: performance.now(), marks: {} }
      look()
    },

    /**
     * Milliseconds since the start: `usable` and `all` tell since when the element has had, without a break until now, a usable key of the
     * film, and all of them; `marks` when each step was first taken. A key that was usable before the start counts as 0.
     */
    read() {
      const { usable, all, marks, from } = current
      const since = (time) => (time === undefined ? undefined : Math.max(0, time - from))
      return { usable: since(usable), all: since(all), marks: { ...marks } }
    },
  }

  function mark(name) {
    current.marks[name] ??= performance.now() - current.from
  }

  /** Looks which keys the element has now. */
  function look() {
    const { video, keyIds } = current
    if (!video) return
    const usable = new Set()
    const open = leaving.has(video) ? undefined : sessions.get(video.mediaKeys)
    for (const session of open ?? []) {
      for (const [id, status] of session.keyStatuses) if (status === 'usable') usable.add(hex(id))
    }
    const have = keyIds.filter((id) => usable.has(id)).length
    const note = (name, holds) => {
      current[name] = holds ? (current[name] ?? performance.now()) : undefined
    }
    note('usable', have > 0)
    note('all', have === keyIds.length)
    if (have > 0) mark('key usable')
  }

  /** Wraps a method: before is called with this and the arguments, after when what it returns has settled. */
  function wrap(on, method, before, after = () => {}) {
    const original = on?.[method]
    if (!original) return
    on[method] = function (...args) {
      before?.call(this, ...args)
      const result = original.apply(this, args)
      Promise.resolve(result).then(
        (value) => after.call(this, value, ...args),
        () => after.call(this, undefined, ...args),
      )
      return result
    }
  }

  const { createSession } = MediaKeys.prototype
  MediaKeys.prototype.createSession = function (...args) {
    const session = createSession.apply(this, args)
    eme.created++
    if (!sessions.has(this)) sessions.set(this, new Set())
    sessions.get(this).add(session)
    const gone = () => {
      sessions.get(this).delete(session)
      look()
    }
    session.addEventListener('keystatuseschange', look)
    session.addEventListener('message', () => mark('message'))
    session.closed.then(gone)
    wrap(session, 'close', gone)
    return session
  }
  wrap(MediaKeySession.prototype, 'generateRequest', () => mark('generateRequest'))
  wrap(MediaKeySession.prototype, 'update', () => mark('update'))
  wrap(
    navigator,
    'requestMediaKeySystemAccess',
    () => mark('access asked'),
    (access) => access && mark('access granted'),
  )
  wrap(
    navigator.mediaCapabilities,
    'decodingInfo',
    ({ keySystemConfiguration }) => keySystemConfiguration && mark('access asked'),
    (info) => info?.keySystemAccess && mark('access granted'),
  )
  wrap(MediaKeySystemAccess.prototype, 'createMediaKeys', null, () => mark('MediaKeys made'))
  wrap(
    HTMLMediaElement.prototype,
    'setMediaKeys',
    function (keys) {
      if (keys !== this.mediaKeys) leaving.add(this)
      look()
    },
    function (_, keys) {
      leaving.delete(this)
      if (keys) mark('MediaKeys attached')
      look()
    },
  )
  wrap(
    globalThis,
    'fetch',
    (url) => mark(String(url.url ?? url).includes('/license') ? 'licence asked' : 'first fetch'),
    (_, url) => String(url.url ?? url).includes('/license') && mark('licence came'),
  )
  const { open, send } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.license = String(url).includes('/license')
    return open.call(this, method, url, ...rest)
  }
  XMLHttpRequest.prototype.send = function (...args) {
    mark(this.license ? 'licence asked' : 'first fetch')
    if (this.license) this.addEventListener('load', () => mark('licence came'))
    return send.apply(this, args)
  }
  globalThis.eme = eme
}
