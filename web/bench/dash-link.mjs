// The network of the DASH benchmark: one line of so many bytes a millisecond that all responses share evenly, each after the line's latency.
// It is in the server, so that whatever a browser fetches, by whatever thread, comes through it, and what comes out of a cache does not.

/** The most that a timer which came late may catch up on, in milliseconds. */
const late = 15

/** A packet. */
const piece = 1400

export class Link {
  #rate
  #latency
  #transfers = []
  #credit = 0
  #last = 0
  #timer

  /** Bytes and milliseconds; a rate of Infinity is no line at all. */
  constructor({ rate = Infinity, latency = 0 } = {}) {
    this.#rate = rate
    this.#latency = latency
  }

  /** Sends head and body. `sent` hears of the number of bytes of each piece. */
  send(response, body, sent) {
    const begin = () => {
      if (response.destroyed) return
      if (this.#rate === Infinity || body.length === 0) {
        response.end(body)
        sent(body.length)
        return
      }
      this.#transfers.push({ response, body, at: 0, sent })
      if (this.#timer) return
      this.#last = performance.now()
      this.#credit = 0
      this.#timer = setTimeout(() => this.#pump(), 1)
    }
    if (this.#latency > 0) setTimeout(begin, this.#latency)
    else begin()
  }

  #pump() {
    const now = performance.now()
    this.#credit = Math.min(this.#credit + (now - this.#last) * this.#rate, late * this.#rate)
    this.#last = now
    while (this.#credit > 0 && this.#transfers.length > 0) {
      const transfer = this.#transfers.shift()
      const { response, body, at, sent } = transfer
      if (response.destroyed) continue
      const end = Math.min(at + piece, body.length)
      this.#credit -= end - at
      transfer.at = end
      sent(end - at)
      if (end < body.length) {
        response.write(body.subarray(at, end))
        this.#transfers.push(transfer)
      } else response.end(body.subarray(at, end))
    }
    this.#timer = this.#transfers.length > 0 ? setTimeout(() => this.#pump(), 1) : undefined
  }
}
