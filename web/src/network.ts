// The network's part of the bridge: requests, and the bodies that came.
import { takePreload } from './head.js'
import { bodyOf, type Entry, entries, find, keep } from './table.js'

function pairs<T>(list: T[]): T[][] {
  return Array.from({ length: list.length / 2 }, (_, i) => list.slice(2 * i, 2 * i + 2))
}

/** A piece of a body that is as long as this is worth a task of the page's thread. */
const small = 4096

/**
 * Milliseconds to wait after a small piece before a body is read from again, of which so many bytes came in so many milliseconds, and so many are still to
 * come: a line may bring hundreds of pieces a second. What comes meanwhile is kept by the browser. No body is done the later for it.
 */
export function pause(received: number, elapsed: number, rest: number): number {
  const wait = Math.min(20, (Math.min(rest, 65_536) * elapsed) / received)
  return wait >= 4 && !globalThis.document?.hidden ? wait : 0 // below 4, and in a hidden page, timers take longer than they are told
}

/** Waits for a promise, and says whether it had to: a read of what has come is done within two turns of the microtask queue. */
async function waitFor<T>(promise: Promise<T>): Promise<[T, waited: boolean]> {
  let there = false
  promise.then(
    () => {
      there = true
    },
    () => {},
  )
  await null
  await null
  const waited = !there
  return [await promise, waited]
}

async function download(entry: Entry, limit: number): Promise<number> {
  const response = await entry.response
  const reader = response?.body?.getReader()
  const begun = performance.now()
  // It is filled as the bytes come: a long body that is put together at its end holds the page up. The length that is told may be that of compressed bytes.
  const declared = Number(response?.headers.get('Content-Length')) || 0
  let body = new Uint8Array(Math.min(declared, limit))
  let length = 0
  while (reader) {
    const [{ value }, waited] = await waitFor(reader.read())
    if (!value) break
    const at = length
    length += value.byteLength
    entry.received = length
    if (length > limit) {
      entry.stop?.abort()
      return -1
    }
    if (length > body.length) {
      const longer = new Uint8Array(Math.max(length, 2 * body.length))
      longer.set(body.subarray(0, at))
      body = longer
    }
    body.set(value, at)
    if (!waited || value.byteLength > small) continue // browsers give one piece a read, whatever has come by then
    const wait = pause(length, performance.now() - begun, declared - length)
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }
  entry.body = length === body.length ? body.buffer : body.buffer.slice(0, length)
  entry.response = undefined
  return length
}

/** What a head start has begun, if it is just this request. */
function takeBegun(url: string, method: string, headers: string[], body: Uint8Array | null) {
  if (method === 'GET' && headers.length === 0 && !body) return takePreload(url)
  const posts = method === 'POST' && body && headers.join() === 'Content-Type,application/json'
  return posts ? takePreload(url, new TextDecoder().decode(body)) : undefined
}

export const network = {
  /** Begins a request, or takes over the one that was begun for it; the number is its own, and then its body's. */
  fetch(
    url: string,
    method: string,
    headers: string[],
    body: Uint8Array<ArrayBuffer> | null,
    withCredentials: boolean,
    refuseRedirects: boolean,
  ): number {
    const begun = !withCredentials && !refuseRedirects && takeBegun(url, method, headers, body)
    if (begun) return keep({ stop: begun.stop, response: begun.response, early: true })
    const stop = new AbortController()
    const credentials = withCredentials ? 'include' : 'same-origin'
    const redirect = refuseRedirects ? 'error' : 'follow'
    const response = fetch(url, { method, headers: pairs(headers) as [string, string][], body, credentials, redirect, signal: stop.signal })
    response.catch(() => {})
    return keep({ stop, response })
  },

  /** The status, the final URL and the header once they are there. A line feed goes before each header line. */
  async opened(id: number) {
    const response = await find(id).response
    return (
      response && [response.status, response.url, Boolean(find(id).early), Array.from(response.headers, (line) => `\n${line.join(':')}`).join('')]
    )
  },

  /** Downloads the body and gives its length, or -1 as soon as it is longer than the limit. */
  async readBody(id: number, limit: number): Promise<number> {
    return download(find(id), limit)
  },

  /** How many bytes of a body have come so far. */
  received(id: number): number {
    return entries.get(id)?.received ?? 0
  },

  /** Copies a piece of a body, as long as into is. */
  read(id: number, offset: number, into: Uint8Array, length: number): void {
    into.set(new Uint8Array(bodyOf(id), offset, length))
  },

  /** A copy of a body, under a number of its own. */
  clone(id: number): number {
    return keep({ body: bodyOf(id).slice(0) })
  },
}
