import { CustomVideoElement } from 'custom-media-element'
import {
  KeystreamError,
  type KeystreamErrorDetail,
  type LicenseTiming,
  type MediaFile,
  Player,
  type PlayerConfig,
  type StateChangeDetail,
  type TrackKind,
  type TracksChangeDetail,
} from './index.js'

/** What custom-media-element builds on: it gives a custom element all that HTMLVideoElement has. */
interface CustomVideo extends HTMLVideoElement {
  readonly nativeEl: HTMLVideoElement
  init(): void
  handleEvent(event: Event): void
  connectedCallback(): void
  disconnectedCallback(): void
  attributeChangedCallback(name: string, before: string | null, after: string | null): void
}

const CustomVideo = CustomVideoElement as unknown as { new (): CustomVideo; readonly observedAttributes: string[] }

const sheet = `
:host { display: inline-block; line-height: 0; }
video { width: 100%; height: 100%; object-fit: var(--media-object-fit, contain); object-position: var(--media-object-position, 50% 50%); }
`

/** The attributes of a source, and of a configuration, in which a change makes a new player. */
const sourceAttributes = ['src', 'chunks']
const configAttributes = ['license-url', 'key-system', 'mode', 'software-clear-key']

/** The events of a Player, which the element fires as its own. */
const playerEvents = [
  'encrypted',
  'licenserequest',
  'keystatuschange',
  'statechange',
  'stall',
  'trackschange',
  'qualitychange',
  'request',
  'error',
] as const

/**
 * `<keystream-video>`: a `<video>` that plays with Keystream. It has the attributes, properties, methods and events of HTMLVideoElement, and
 *
 * - `src`: what to play;
 * - `license-url`: a licence server, for the key system named by `key-system` (`org.w3.clearkey` unless it says otherwise);
 * - `mode`, `software-clear-key`, `chunks`: as in PlayerConfig and MediaFile.
 *
 * A load begins when the element is connected and has a `src`, whatever `preload` says, and again when one of these, `config` or
 * `keySystems` changes. Removing `src`, or the element, closes the player.
 *
 * The events of Player are fired here too. `error` is Keystream's: a CustomEvent with a KeystreamErrorDetail, once for each failure, in
 * place of the inner element's own, which says less; after a fatal one the property `error` is set, as it is on a `<video>`.
 */
export class KeystreamVideoElement extends CustomVideo {
  static override get observedAttributes(): string[] {
    return [...CustomVideo.observedAttributes, ...sourceAttributes, ...configAttributes]
  }

  #config: PlayerConfig = {}
  #player?: Player
  #loading?: Promise<void>
  #failure?: KeystreamErrorDetail
  #closing?: Promise<void>
  #scheduled = false
  #newSource = false
  #newConfig = false

  constructor() {
    super()
    // Set on the element before its class was defined.
    for (const name of ['config', 'keySystems'] as const) {
      if (!Object.hasOwn(this, name)) continue
      const value = this[name]
      delete this[name]
      Object.assign(this, { [name]: value })
    }
  }

  /** More than attributes can say. What `keySystems` says of the key system of `license-url` goes first. */
  get config(): PlayerConfig {
    return this.#config
  }

  set config(config: PlayerConfig) {
    this.#config = config ?? {}
    this.#newConfig = true
    this.#schedule()
  }

  /** `config.keySystems`. */
  get keySystems(): PlayerConfig['keySystems'] {
    return this.#config.keySystems
  }

  set keySystems(keySystems: PlayerConfig['keySystems']) {
    this.config = { ...this.#config, keySystems }
  }

  /** The player of the present source, while there is one. */
  get player(): Player | undefined {
    return this.#player
  }

  /** The last fatal error, shaped as a MediaError; its `detail` tells more. */
  override get error(): (MediaError & { detail?: KeystreamErrorDetail }) | null {
    const failure = this.#failure
    if (!failure) return null
    const native = this.nativeEl.error
    const codes = { MEDIA_ERR_ABORTED: 1, MEDIA_ERR_NETWORK: 2, MEDIA_ERR_DECODE: 3, MEDIA_ERR_SRC_NOT_SUPPORTED: 4 } as const
    return { ...codes, code: native?.code ?? mediaErrorCode(failure), message: failure.message, detail: failure }
  }

  override get currentSrc(): string {
    const src = this.getAttribute('src')
    return src && URL.canParse(src, this.baseURI) ? new URL(src, this.baseURI).href : ''
  }

  /** Ends playback but keeps the player and its keys: `load()`, or another `src`, plays with them. */
  async unload(): Promise<void> {
    this.#newSource = false
    this.#failure = undefined
    await this.#player?.unload()
  }

  /** As of Player: asks anew for the licences that have failed. */
  async retryLicense(): Promise<void> {
    await this.#player?.retryLicense()
  }

  /** As of Player; no tracks while there is none. */
  get tracks(): TracksChangeDetail {
    return this.#player?.tracks ?? { tracks: [], auto: true }
  }

  /** As of Player. */
  async selectTrack(kind: TrackKind, id: string | null): Promise<void> {
    await this.#player?.selectTrack(kind, id)
  }

  /** As of Player. */
  async selectQuality(id: string | null): Promise<void> {
    await this.#player?.selectQuality(id)
  }

  /** As of Player. */
  get timings(): LicenseTiming[] {
    return this.#player?.timings ?? []
  }

  /** Loads `src` again. */
  override load(): void {
    this.#newSource = true
    this.#schedule()
  }

  /** Waits for a load under way, as play() of a `<video>` does. */
  override async play(): Promise<void> {
    for (let waited: Promise<void> | undefined; waited !== this.#loading; ) {
      waited = this.#loading
      await waited
    }
    if (this.#failure) throw new KeystreamError(this.#failure)
    return this.nativeEl.play()
  }

  /** Makes the shadow tree without markup, so that Trusted Types and a strict style-src have nothing to object to. */
  override init(): void {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: 'open' })
      const styles = new CSSStyleSheet()
      styles.replaceSync(sheet)
      root.adoptedStyleSheets = [styles]
      const media = document.createElement('slot')
      media.name = 'media'
      const video = document.createElement('video')
      video.part.add('video')
      media.append(video)
      root.append(media, document.createElement('slot'))
    }
    super.init()
  }

  override handleEvent(event: Event): void {
    if (event.type !== 'encrypted' && event.type !== 'error') super.handleEvent(event)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#schedule()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#schedule()
  }

  override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (sourceAttributes.includes(name)) this.#newSource = true
    else if (configAttributes.includes(name)) this.#newConfig = true
    else super.attributeChangedCallback(name, before, after)
    if (this.#newSource || this.#newConfig) this.#schedule()
  }

  /** Gathers all changes of one task; an element that is only moved within the page is not disturbed. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#loading = Promise.resolve().then(() => this.#apply())
  }

  async #apply(): Promise<void> {
    this.#scheduled = false
    const src = this.isConnected ? this.getAttribute('src') : null
    if (src === null || this.#newConfig) this.#drop()
    if (src === null || (this.#player && !this.#newSource)) return
    this.#newSource = this.#newConfig = false
    this.#failure = undefined
    this.#player ??= this.#makePlayer()
    const player = this.#player
    // Its predecessor still detaches its keys from the same element.
    await this.#closing
    if (player !== this.#player) return
    await player.load(this.#source(src)).catch((error: KeystreamError) => {
      const told = this.#failure !== undefined || player !== this.#player
      if (!told && error.code !== 'LOAD_INTERRUPTED') this.#report('error', error.toJSON())
    })
  }

  #drop(): void {
    const player = this.#player
    if (!player) return
    this.#player = undefined
    this.#closing = player.close().catch(() => {})
  }

  #makePlayer(): Player {
    const player = new Player(this.nativeEl, this.#playerConfig())
    for (const type of playerEvents) {
      player.addEventListener(type, (event) => {
        if (player === this.#player) this.#report(type, (event as CustomEvent).detail)
      })
    }
    return player
  }

  #report(type: (typeof playerEvents)[number], detail: object): void {
    if (type === 'error' && (detail as KeystreamErrorDetail).fatal) this.#failure = detail as KeystreamErrorDetail
    // Also that of retryLicense.
    if (type === 'statechange' && (detail as StateChangeDetail).state === 'loading') this.#failure = undefined
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }

  #playerConfig(): PlayerConfig {
    const license = this.getAttribute('license-url')
    const mode = (this.getAttribute('mode') as PlayerConfig['mode']) ?? this.#config.mode
    const softwareClearKey = (this.getAttribute('software-clear-key') as PlayerConfig['softwareClearKey']) ?? this.#config.softwareClearKey
    if (!license) return { ...this.#config, softwareClearKey, mode }
    const name = this.getAttribute('key-system') ?? 'org.w3.clearkey'
    const keySystems = { ...this.#config.keySystems }
    keySystems[name] = { license, ...keySystems[name] }
    return { ...this.#config, keySystems, softwareClearKey, mode }
  }

  #source(src: string): MediaFile {
    const chunks = this.getAttribute('chunks')
    return chunks === null ? { url: src } : { url: src, chunks: Number(chunks) }
  }
}

function mediaErrorCode({ stage, httpStatus }: KeystreamErrorDetail): number {
  if (stage === 'decode') return MediaError.MEDIA_ERR_DECODE
  return httpStatus || stage === 'fetch' ? MediaError.MEDIA_ERR_NETWORK : MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED
}

if (globalThis.customElements && !customElements.get('keystream-video')) customElements.define('keystream-video', KeystreamVideoElement)

declare global {
  interface HTMLElementTagNameMap {
    'keystream-video': KeystreamVideoElement
  }
}
