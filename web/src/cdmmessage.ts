// What crosses between the page (decryption.ts) and the Worker of the software CDM (cdmworker.ts). Buffers are transferred, never copied.

export type ToWorker =
  | { type: 'start'; wasm: string }
  /** All content keys: an id of 16 bytes, then its key of 16 bytes, and so on. */
  | { type: 'keys'; keys: Uint8Array<ArrayBuffer> }
  /** The next bytes of a stream; without, what lacked a key before. */
  | { type: 'decrypt'; id: number; decrypter: number; data: ArrayBuffer | null }
  | { type: 'cancel'; id: number }
  | { type: 'reset' | 'free'; decrypter: number }
  | { type: 'close' }

export type FromWorker =
  | { type: 'started' }
  | { type: 'unavailable'; message: string; url: string }
  /** It is at work on something that takes long. */
  | { type: 'alive' }
  | { type: 'died' }
  | { type: 'decrypted'; id: number; clear: ArrayBuffer | null; initData: InitData[]; missing: Uint8Array<ArrayBuffer> }
  | { type: 'failed'; id: number; reason: string; message: string }

/** What an "encrypted" event carries. */
export type InitData = [type: string, data: Uint8Array<ArrayBuffer>]
