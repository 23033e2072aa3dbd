import { type CheckedFile, type CrossedConfig, checkSource, crossConfig, crossKeySystems } from './crossing.js'
import { failure, KeystreamError } from './error.js'
import { headStart } from './head.js'
import { type GoPlayer, type Program, program } from './load.js'
import type {
  BufferedMedia,
  KeySystemReport,
  LicenseTiming,
  PlayerConfig,
  PlayerEventMap,
  Source,
  State,
  StateChangeDetail,
  TrackKind,
  TracksChangeDetail,
} from './types.js'

/** An EventTarget that knows the names of a player's events. */
export interface PlayerEventTarget extends EventTarget {
  addEventListener<K extends keyof PlayerEventMap>(type: K, f: (event: PlayerEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void
  addEventListener(type: string, f: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void
  removeEventListener<K extends keyof PlayerEventMap>(type: K, f: (event: PlayerEventMap[K]) => void, options?: boolean | EventListenerOptions): void
  removeEventListener(type: string, f: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void
}

const noTracks: TracksChangeDetail = { tracks: [], auto: true }

const PlayerTarget = EventTarget as new () => PlayerEventTarget

/**
 * Plays one source at a time on a media element.
 *
 * Its events are `encrypted`, `licenserequest`, `keystatuschange`, `statechange`, `stall`, `trackschange`, `qualitychange`, `request` and `error`; each is a CustomEvent whose `detail` tells
 * more. The player holds its element, its keys and its memory until it is closed.
 */
export class Player extends PlayerTarget {
  readonly #video: HTMLMediaElement
  readonly #config: CrossedConfig | KeystreamError
  #state: StateChangeDetail = { state: 'idle', stage: '', mode: '', types: [], keySystem: '', configuration: null, software: false }
  #tracks = noTracks
  #program?: Program
  #go?: GoPlayer
  #unwatch?: () => void
  #settle?: (error: KeystreamError) => void
  #objectURLs: string[] = []
  #closing?: Promise<void>
  #abandonClose?: () => void

  /** Makes an idle player. What is wrong with the configuration, `load` says. */
  constructor(video: HTMLMediaElement, config: PlayerConfig = {}) {
    super()
    this.#video = video
    this.#config = check(video, config)
  }

  /** Where the player stands. */
  get state(): State {
    return this.#state.state
  }

  /** How the source is played, or `''` while that is open. */
  get mode(): '' | 'mse' | 'direct' {
    return this.#state.mode
  }

  /** The key system that was granted, or `''`. */
  get keySystem(): string {
    return this.#state.keySystem
  }

  /** What the key system granted. */
  get configuration(): MediaKeySystemConfiguration | null {
    return this.#state.configuration ?? null
  }

  /** Keystream decrypts in software, not the browser. */
  get software(): boolean {
    return this.#state.software
  }

  /** Which CDM was chosen, and why; undefined before anything encrypted was loaded. */
  get report(): KeySystemReport | undefined {
    return this.#state.report
  }

  /**
   * Plays a source from its start, and resolves when the element can play it. Rejects with a {@link KeystreamError}: LOAD_INTERRUPTED where
   * another `load` came first, CLOSED where the player is or gets closed. An argument that is wrong (CONFIG_INVALID) leaves a film that plays
   * alone, and fires no event; other failures fire `error` too.
   */
  load(source: Source): Promise<void> {
    let files: CheckedFile[]
    try {
      if (this.#closing) throw closed()
      if (this.#config instanceof KeystreamError) throw this.#config
      files = checkSource(source)
    } catch (error) {
      return Promise.reject(error)
    }
    const config = this.#config
    this.#settle?.(interrupted('Another load()', this.#state.stage))
    const abandon = this.#go ? undefined : headStart(files, config)
    return new Promise((resolve, reject) => {
      const current = () => this.#settle === settle
      const settle = (error?: KeystreamError) => {
        abandon?.()
        if (current()) this.#settle = undefined
        if (error) reject(error)
        else resolve()
      }
      this.#settle = settle
      this.#start(config, files, current).then(
        () => settle(),
        (error) => settle(wrap(error)),
      )
    })
  }

  /**
   * Ends playback and takes the source away, but keeps the keys: loading the same film again asks for no licence. A `load` under way rejects with
   * LOAD_INTERRUPTED.
   */
  async unload(): Promise<void> {
    if (this.#closing) throw closed()
    this.#settle?.(interrupted('unload()', this.#state.stage))
    const before = this.#objectURLs
    this.#objectURLs = []
    try {
      if (this.#go) await this.#ask((go) => go.unload())
      else if (this.#state.state !== 'idle') this.#change('idle')
    } finally {
      for (const url of before) URL.revokeObjectURL(url)
    }
  }

  /**
   * Asks anew for the licences that have failed. Where such a failure has ended playback, the film is loaded again at the position where that
   * happened, and the promise settles as that of `load` does. Where none has failed, nothing is done.
   */
  async retryLicense(): Promise<void> {
    if (this.#closing) throw closed()
    await this.#ask((go) => go.retryLicense())
  }

  /** The tracks of the Period that plays, and whether the player chooses the quality; no tracks where a plain file plays. */
  get tracks(): TracksChangeDetail {
    return this.#tracks
  }

  /**
   * Plays another track of the film. It takes effect within a segment; the other Periods follow with what is most like it. With `null` no subtitles are
   * shown. Rejects with CONFIG_INVALID where there is no such track.
   */
  async selectTrack(kind: TrackKind, id: string | null): Promise<void> {
    if (this.#closing) throw closed()
    if (!this.#go) throw nothing()
    await this.#ask((go) => go.selectTrack({ kind: String(kind) as TrackKind, id: id === null ? '' : String(id) }))
  }

  /** Plays one quality only, beginning with the next segment; with `null` the player chooses again. Rejects with CONFIG_INVALID where there is no such. */
  async selectQuality(id: string | null): Promise<void> {
    if (this.#closing) throw closed()
    if (!this.#go) throw nothing()
    await this.#ask((go) => go.selectQuality(id === null ? '' : String(id)))
  }

  /** What of a film in segments is buffered, and in which quality. */
  get buffered(): BufferedMedia {
    return this.#go?.buffered() ?? {}
  }

  /** What the network does, in bits a second; 0 where nothing was measured. Give it to `abr.startBitrate` on the next visit. */
  get throughput(): number {
    return this.#go?.throughput() ?? 0
  }

  /** How long the steps of licensing took, the newest last; the oldest are forgotten. */
  get timings(): LicenseTiming[] {
    return this.#go?.timings() ?? []
  }

  /**
   * Asks what this browser has of each key system, without playing anything: of those given, as they would be asked for, or else of those that
   * Keystream knows. Rejects with a {@link KeystreamError}.
   */
  static async probe(keySystems?: PlayerConfig['keySystems']): Promise<KeySystemReport> {
    const crossed = crossKeySystems(keySystems)
    const running = await program()
    return running.ask(() => running.probe(crossed)).catch((error) => Promise.reject(wrap(error)))
  }

  /** Ends playback, closes every session, detaches the keys and frees what the player holds. It is final; calling it again does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  // Object URLs live until the next load, also after a failure: retryLicense may load their film again.
  async #start(config: CrossedConfig, files: CheckedFile[], current: () => boolean): Promise<void> {
    let running: Program
    try {
      running = await program()
    } catch (error) {
      if (current()) this.#fail(error as KeystreamError)
      throw error
    }
    if (!current()) return
    if (this.#program !== running) this.#adopt(running, config)
    const before = this.#objectURLs
    this.#objectURLs = []
    const tracks = files.map((file) => ({ ...file, url: file.url instanceof Blob ? this.#objectURL(file.url) : file.url }))
    const loaded = this.#go?.load({ tracks })
    for (const url of before) URL.revokeObjectURL(url)
    // A call into a program that dies of it returns nothing; #died says so to the page.
    if (running.death) throw running.death
    await loaded
  }

  /** Calls a method of Go's player, if there is one. */
  async #ask(call: (go: GoPlayer) => Promise<void>): Promise<void> {
    const go = this.#go
    if (go) await this.#program?.ask(() => call(go)).catch((error) => Promise.reject(wrap(error)))
  }

  #adopt(running: Program, config: CrossedConfig): void {
    this.#program = running
    this.#unwatch = running.watch((error) => this.#died(error))
    this.#go = running.factory(this.#video, config, (type, detail) => {
      if (type === 'statechange') this.#moved(detail as StateChangeDetail)
      if (type === 'trackschange') this.#tracks = detail as TracksChangeDetail
      // Go is on the stack here, and a listener may call into it.
      queueMicrotask(() => this.#dispatch(type, detail))
    })
  }

  /** A load that begins, or an end of playing, leaves no tracks. */
  #moved(state: StateChangeDetail): void {
    this.#state = state
    if (state.state === 'idle' || state.stage === 'configure') this.#tracks = noTracks
  }

  async #close(): Promise<void> {
    this.#settle?.(closed())
    try {
      const go = this.#go
      if (go) {
        await new Promise<void>((resolve, reject) => {
          this.#abandonClose = resolve
          go.close().then(resolve, (error) => reject(wrap(error)))
        })
      }
    } finally {
      this.#unwatch?.()
      this.#revoke()
      this.#go = this.#program = undefined
      if (this.#state.state !== 'closed') this.#change('closed')
    }
  }

  #died(error: KeystreamError): void {
    this.#go = this.#program = undefined
    this.#tracks = noTracks
    // Nobody feeds the element any more: what it still has would play on to a stall, and keep the dead program's source.
    this.#video.removeAttribute('src')
    this.#video.load()
    this.#video.setMediaKeys?.(null).catch(() => {})
    if (this.#abandonClose) this.#abandonClose()
    else this.#fail(error)
    this.#settle?.(error)
  }

  #fail(error: KeystreamError): void {
    this.#dispatch('error', error.toJSON())
    this.#change('failed')
  }

  #change(state: State): void {
    this.#state = { ...this.#state, state }
    this.#dispatch('statechange', this.#state)
  }

  #dispatch(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }

  #objectURL(blob: Blob): string {
    const url = URL.createObjectURL(blob)
    this.#objectURLs.push(url)
    return url
  }

  #revoke(): void {
    for (const url of this.#objectURLs) URL.revokeObjectURL(url)
    this.#objectURLs = []
  }
}

function check(video: HTMLMediaElement, config: PlayerConfig): CrossedConfig | KeystreamError {
  try {
    if (typeof video?.canPlayType !== 'function') {
      throw failure('CONFIG_INVALID', 'The player was made without a media element', 'Give new Player() a <video> or <audio> element.')
    }
    return crossConfig(config)
  } catch (error) {
    return wrap(error)
  }
}

function interrupted(by: string, stage: string): KeystreamError {
  return failure('LOAD_INTERRUPTED', `${by} came before this load was done`, '', { fatal: false, stage })
}

function nothing(): KeystreamError {
  return failure('CONFIG_INVALID', 'Nothing is loaded to choose from', 'Choose once load() has resolved.', { stage: 'configure' })
}

function closed(): KeystreamError {
  return failure('CLOSED', 'The player is closed', 'Make a new Player.', { stage: 'close' })
}

/** What Go rejects with is an error detail, and what the program dies of an error already; anything else is a fault of our own. */
function wrap(error: unknown): KeystreamError {
  if (error instanceof KeystreamError) return error
  const detail = error as Partial<KeystreamError> | undefined
  if (typeof detail?.code === 'string' && typeof detail.message === 'string') return new KeystreamError(detail as KeystreamError)
  return failure('INTERNAL', 'Keystream met a fault of its own', 'Please report it.', {}, error)
}
