/**
 * The clear bytes of one request. They are written over the encrypted ones, as far as those have been read: mostly there are as many, and the page
 * gets back the buffer that it gave.
 */
export class Output {
  readonly #over: Uint8Array<ArrayBuffer>
  readonly #more: Uint8Array<ArrayBuffer>[] = []
  #read = 0
  #written = 0

  constructor(encrypted: ArrayBuffer | null) {
    this.#over = new Uint8Array(encrypted ?? new ArrayBuffer())
  }

  /** So many more encrypted bytes are not needed any more. */
  read(length: number): void {
    this.#read += length
  }

  /** Adds clear bytes, which it copies. */
  write(clear: Uint8Array<ArrayBuffer>): void {
    if (this.#more.length === 0 && this.#written + clear.length <= this.#read) {
      this.#over.set(clear, this.#written)
      this.#written += clear.length
    } else if (clear.length > 0) {
      this.#more.push(clear.slice())
    }
  }

  /** All that was written, or null where that is nothing. */
  take(): ArrayBuffer | null {
    const { buffer, length } = this.#over
    if (this.#more.length === 0) {
      if (this.#written === 0) return null
      return this.#written === length ? buffer : buffer.slice(0, this.#written)
    }
    const pieces = [this.#over.subarray(0, this.#written), ...this.#more]
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole.buffer
  }
}
