// WebCrypto at work on Go's memory, where the browser has it: it does AES five to ten times as fast as WebAssembly can.

interface ContentKey {
  ctr: CryptoKey
  cbc: CryptoKey
  /** What must end a message in CBC: a block of padding, encrypted after a block of zeros. */
  padding: Uint8Array
}

/** Numbers of 32 bits in a job: the address of the key, the address and length of the data, 1 for CBC; and then 16 bytes of IV. */
const jobSize = 32

export class WebCrypto {
  readonly #bytes: (at: number, length: number) => Uint8Array<ArrayBuffer>
  readonly #done: (done: boolean) => void
  readonly #keys = new Map<number, Promise<ContentKey>>()

  /** bytes are those of Go's memory. done is called after each decrypt; false if nothing has changed, because the browser refused. */
  constructor(bytes: (at: number, length: number) => Uint8Array<ArrayBuffer>, done: (done: boolean) => void) {
    this.#bytes = bytes
    this.#done = done
  }

  /** Does so many jobs side by side, in place. They lie at an address in Go's memory. */
  decrypt(at: number, count: number): void {
    const jobs = this.#bytes(at, count * jobSize).slice()
    const all = Array.from({ length: count }, (_, i) => this.#start(new DataView(jobs.buffer, i * jobSize, jobSize)))
    Promise.all(all).then(
      (results) => {
        // Go's memory may have moved meanwhile, as JavaScript sees it.
        for (const [to, clear] of results) this.#bytes(to, clear.byteLength).set(new Uint8Array(clear))
        this.#done(true)
      },
      () => this.#done(false),
    )
  }

  /** Forgets the key at an address, which is about to be wiped. */
  forget(key: number): void {
    this.#keys.delete(key)
  }

  async #start(job: DataView): Promise<[at: number, clear: ArrayBuffer]> {
    const [key, at, length, cbc] = [0, 4, 8, 12].map((offset) => job.getUint32(offset, true)) as [number, number, number, number]
    const iv = new Uint8Array(job.buffer as ArrayBuffer, job.byteOffset + 16, 16)
    const keys = await this.#find(key)
    const data = this.#bytes(at, length)
    if (!cbc) return [at, await crypto.subtle.decrypt({ name: 'AES-CTR', counter: iv, length: 64 }, keys.ctr, data)]
    data.set(keys.padding, length - 16)
    return [at, await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, keys.cbc, data)]
  }

  #find(key: number): Promise<ContentKey> {
    let found = this.#keys.get(key)
    if (!found) {
      found = importKey(this.#bytes(key, 16))
      this.#keys.set(key, found)
    }
    return found
  }
}

async function importKey(value: Uint8Array<ArrayBuffer>): Promise<ContentKey> {
  const { subtle } = crypto
  // Both calls copy the key before they return.
  const [ctr, cbc] = await Promise.all([
    subtle.importKey('raw', value, 'AES-CTR', false, ['decrypt']),
    subtle.importKey('raw', value, 'AES-CBC', false, ['decrypt', 'encrypt']),
  ])
  const padding = await subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, cbc, new Uint8Array())
  return { ctr, cbc, padding: new Uint8Array(padding) }
}
