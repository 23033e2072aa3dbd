/** The bytes of an ArrayBuffer, or of a view on one. */
export type Bytes = ArrayBuffer | ArrayBufferView

/** What a {@link Player} is made with. The empty object plays clear media. */
export interface PlayerConfig {
  /** The key systems that may decrypt, by name (`org.w3.clearkey`). Their order is the order of preference. */
  keySystems?: Record<string, KeySystemConfig>

  /**
   * How much one licence covers. `request`, the default, asks at once for all that is known to be needed at a moment, where the key system can
   * ask so; `init-data` asks for each different init data; with `period` and `content` the first licence holds all keys of the period or of the
   * whole film, and no other is asked for.
   */
  licensePer?: 'request' | 'init-data' | 'period' | 'content'

  /**
   * What to do about a key of each status; what is left out keeps its default: `expired` and `internal-error` renew, `output-restricted` falls
   * back, `released` is an error, `status-pending` and `usable-in-future` continue.
   */
  keyStatusPolicy?: Partial<Record<MediaKeyStatus, KeyPolicy>>

  /** How many seconds playback may wait for a key before it fails; 10 unless said otherwise. `Infinity` waits for ever. */
  keyTimeout?: number

  /** How many key sessions are kept for films that may be loaded again; 50 unless said otherwise. A CDM that has room for fewer lowers it. */
  maxSessions?: number

  /** How many keys those sessions may hold together; 200 unless said otherwise. */
  maxKeys?: number

  /** The origins, beside the page's own, that a licence URL found in a manifest may lead to: `https://license.example`. */
  licenseOrigins?: string[]

  /**
   * Who decrypts what is encrypted under Clear Key: `auto`, the default, leaves it to the browser where that grants Clear Key for the media, and has
   * Keystream decrypt it in a Worker (`cdm.wasm`) where it does not: without Encrypted Media Extensions, on an insecure page, under a scheme that the
   * browser lacks. `always` does not ask the browser, `never` leaves such media refused. It is not protection: keys and media are in the page's reach.
   */
  softwareClearKey?: 'auto' | 'always' | 'never'

  /** How the quality of a film in several is chosen. */
  abr?: ABRConfig

  /** How much of a film in segments is buffered. */
  buffer?: BufferConfig

  /** The languages of sound to choose from, the dearest first: `['sv', 'en']`. */
  audioLanguages?: string | string[]

  /** The languages in which subtitles are shown from the start, the dearest first. Without, none are shown until somebody chooses some. */
  textLanguages?: string | string[]

  /**
   * How to play: `mse` fetches the file in chunks and appends them to a MediaSource, `direct` gives it to the element's `src`.
   * `auto`, the default, chooses by the file's own header. What Keystream decrypts itself always goes through a MediaSource.
   */
  mode?: 'auto' | 'mse' | 'direct'
}

/** How the quality is chosen. */
export interface ABRConfig {
  /** `auto`, the default, is the best we know; the others are the published algorithms of these names. */
  algorithm?: 'auto' | 'throughput' | 'bola' | 'dynamic'

  /** What the network is taken for before it has been measured, in bits a second: what {@link Player.throughput} said the last time, say. */
  startBitrate?: number

  /** Bits a second that are not to be exceeded, where there is a choice. */
  maxBitrate?: number

  /** The height of the picture that is not to be exceeded, where there is a choice. */
  maxHeight?: number

  /** `false` also chooses pictures with more pixels than the element has; `true` unless said otherwise. */
  limitToSize?: boolean
}

/** How much is buffered of each track. */
export interface BufferConfig {
  /** Seconds ahead of the playhead; 30 unless said otherwise. */
  ahead?: number

  /** Seconds of played media that are kept for a jump back; 30 unless said otherwise. */
  behind?: number

  /** Bytes ahead; 100 MiB unless said otherwise, or what the browser takes. */
  bytes?: number
}

/**
 * What to do about a key that cannot be used: fail (`error`), do nothing unless playback waits for it (`continue`), play what other keys decrypt
 * for as long as it lasts (`fallback`), or ask for the licence anew (`renew`).
 */
export type KeyPolicy = 'error' | 'continue' | 'fallback' | 'renew'

/** Whether a feature of a key system must be there, may be used, or must not be. */
export type Requirement = 'required' | 'optional' | 'not-allowed'

/** Where a key system's licences come from, and what is asked of it. With both, `keys` come first and `license` is asked only for the key ids that they lack. */
export interface KeySystemConfig {
  /** A licence server's URL, the same with headers, or a function that answers a licence request. */
  license?: string | URL | LicenseServer | LicenseFunction

  /**
   * Content keys by key id (Clear Key only). Both are 16 bytes, written as hex, UUID, base64 or base64url; a key may be raw bytes too.
   */
  keys?: Record<string, string | Bytes>

  /** Robustness levels of video, tried in this order (`['HW_SECURE_ALL', 'SW_SECURE_CRYPTO']`); `''` asks for none. The key system's own where left out. */
  videoRobustness?: string | string[]

  /** The same of audio. */
  audioRobustness?: string | string[]

  /** May the CDM keep something on the device? It is not asked for unless it is given. */
  persistentState?: Requirement

  /** May the CDM identify the device? It is not asked for unless it is given. */
  distinctiveIdentifier?: Requirement

  /** `['temporary']` unless it is given. */
  sessionTypes?: MediaKeySessionType[]

  /** The HDCP version (`'2.2'`) without which this key system is not used at all. */
  minHdcpVersion?: string

  /** The certificate that the CDM encrypts its messages with: its bytes, or where to fetch it. */
  serverCertificate?: Bytes | string | URL
}

/** A licence server, reached by HTTP POST. */
export interface LicenseServer {
  /** Relative to the page. */
  url: string | URL

  /** Other URLs for messages of some types: `{ 'license-renewal': '/renew' }`. */
  urls?: Partial<Record<LicenseMessageType, string | URL>>

  /** Sent with each request to the origin of `url`, as `new Headers(headers)` reads them. Such requests follow no redirect. */
  headers?: HeadersInit

  /** Also sends cookies and HTTP authentication, where `url` is of another origin than the page. Other origins get none. */
  withCredentials?: boolean

  /**
   * Called once for each message, before it is sent; a request that is tried again is sent as it was. It may change the request, or return what
   * changes: returned headers are set beside the others. What it throws becomes the cause of a typed error.
   */
  request?: (request: LicenseHTTPRequest) => LicenseHTTPChanges | void | PromiseLike<LicenseHTTPChanges | undefined> | PromiseLike<void>

  /** Called with each response of success. It may return the licence, where the body is not yet that. */
  response?: (response: LicenseHTTPResponse) => Bytes | void | PromiseLike<Bytes | undefined> | PromiseLike<void>
}

/** The types of a CDM's messages. `certificate-request` is a `license-request` that asks for Widevine's server certificate. */
export type LicenseMessageType = MediaKeyMessageType | 'certificate-request'

/** What a request filter may return: what it leaves out stays as it is. */
export interface LicenseHTTPChanges {
  /** Relative to the page. */
  url?: string | URL
  headers?: HeadersInit

  /** A string is sent as UTF-8. */
  body?: Bytes | string
  withCredentials?: boolean
}

/** A request that is about to go to a licence server. */
export interface LicenseHTTPRequest {
  /** Absolute. Setting it takes what {@link LicenseHTTPChanges.url} takes. */
  get url(): string
  set url(url: string | URL)

  /** All that will be sent, beside what the browser adds itself. */
  readonly headers: Headers

  /** The message. Setting it takes what {@link LicenseHTTPChanges.body} takes. */
  get body(): ArrayBuffer
  set body(body: Bytes | string)

  withCredentials: boolean

  readonly keySystem: string
  readonly messageType: string

  /** The ids of the keys that the licence must hold, as far as they are known: 32 lower-case hex digits each. */
  readonly keyIds: string[]

  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** A licence server's response, of an HTTP status of success. */
export interface LicenseHTTPResponse {
  /** Where it came from, after redirects. */
  readonly url: string
  readonly status: number

  /** The `Content-Type` of its header, or `''`. */
  readonly contentType: string
  readonly body: ArrayBuffer

  readonly keySystem: string
  readonly messageType: string
  readonly keyIds: string[]

  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** Answers a licence request with the licence's bytes. What it throws becomes the cause of a typed error. */
export type LicenseFunction = (request: LicenseRequest) => Bytes | PromiseLike<Bytes>

/** A CDM's message, and what it is about. */
export interface LicenseRequest {
  keySystem: string

  messageType: LicenseMessageType

  /** What the key system wants sent with the message: its `Content-Type`, PlayReady's `SOAPAction`. */
  headers: Headers

  /** What the licence server wants: the CDM's message, unwrapped (PlayReady), without the key ids that `keys` has (Clear Key). */
  message: ArrayBuffer

  /** The ids of the keys that the licence must hold, as far as they are known: 32 lower-case hex digits each. */
  keyIds: string[]

  initDataType: string
  initData: ArrayBuffer

  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal
}

/** A media file: an absolute URL, one relative to the page, or a file of the visitor's own. */
export type Media = string | URL | Blob

/** A media file and what is known of it. */
export interface MediaFile {
  url: Media

  /** A MIME type. It is a hint: the file's own header wins. */
  type?: string

  /** How many requests the file is fetched in; chosen by its size where it is left out. */
  chunks?: number
}

/** What {@link Player.load} plays: one file, or several to be played together (`['video.mp4', 'audio.mp4']`). */
export type Source = Media | MediaFile | (Media | MediaFile)[]

/** Where a player stands. `ready` is when `load` has resolved; `failed` and `ended` end with the next `load`, `closed` with none. */
export type State = 'idle' | 'loading' | 'ready' | 'ended' | 'failed' | 'closed'

/** What failed, and what to do about it. No key, licence or token is in it. */
export interface KeystreamErrorDetail {
  /** Stable: compare this. */
  code: string

  /** Playback has stopped; `load` begins anew. What is not fatal goes on, or waits for `retryLicense`. */
  fatal: boolean

  /** The step of playing that failed: `configure`, `probe`, `negotiate`, `license`, `decode`… */
  stage: string

  /** What failed, for people. */
  message: string

  /** What to do about it, for people; may be empty. */
  remedy: string

  keySystem?: string
  httpStatus?: number

  /** Without userinfo, query and fragment. */
  url?: string

  /** Of the session that failed. */
  keyStatuses?: KeyStatus[]

  /** The keys it is about, where they are known: 32 lower-case hex digits each. */
  keyIds?: string[]

  /** What was asked of the key system, where that failed. */
  configuration?: MediaKeySystemConfiguration[]

  /** Why each key system was refused, where that failed. */
  report?: KeySystemReport
}

/** Why key systems were granted or refused: a browser says only that it refuses, so it is asked again, bit by bit. */
export interface KeySystemReport {
  /** The page is a secure context. */
  secure: boolean

  /** The permissions policy lets the page use encrypted media, as far as the browser tells. */
  permitted: boolean

  /** There is a `navigator.requestMediaKeySystemAccess`. */
  eme: boolean

  /** In the order in which they were asked for. */
  systems: SystemReport[]

  /** All of it in words, in several lines. */
  text: string
}

/** What became of one key system. */
export interface SystemReport {
  /** As the configuration names it. */
  keySystem: string

  /** The name that was granted; `''` is refused. */
  granted: string

  /** What `getConfiguration()` granted. */
  configuration?: MediaKeySystemConfiguration

  /** It was granted by Keystream's own CDM: `refused` says why not by the browser's, unless that was not to be asked. */
  software: boolean

  /** The first thing that was refused, and what to do about it. */
  refused?: { element: KeySystemElement; value: string; remedy: string }

  /** Every question, in the order in which they were asked. */
  findings: { element: KeySystemElement; value: string; granted: boolean }[]
}

/** What a browser may refuse of a key system. */
export type KeySystemElement =
  | 'secure-context'
  | 'permissions-policy'
  | 'eme'
  | 'key-system'
  | 'codec'
  | 'init-data-type'
  | 'encryption-scheme'
  | 'robustness'
  | 'persistent-state'
  | 'distinctive-identifier'
  | 'session-type'
  | 'hdcp'
  | 'src'

/** The status of one key, as `MediaKeySession.keyStatuses` gives it. */
export interface KeyStatus {
  /** Lower-case hex. */
  keyId: string
  status: string
}

/** Of `encrypted`: the element met init data. */
export interface EncryptedDetail {
  initDataType: string
  initData: Uint8Array
}

/** Of `licenserequest`: a licence is about to be asked for. */
export interface LicenseRequestDetail {
  keySystem: string
  sessionId: string
  messageType: string

  /** Lower-case hex. */
  keyIds: string[]
}

/** Of `keystatuschange`: the statuses of all keys of one session. */
export interface KeyStatusChangeDetail {
  keySystem: string
  sessionId: string
  keys: KeyStatus[]
}

/** Of `statechange`: where the player stands. Every field holds its last known value. */
export interface StateChangeDetail {
  state: State

  /** The step that has just begun, in the words that errors use. */
  stage: string

  /** How the source is played, once chosen. */
  mode: '' | 'mse' | 'direct'

  /** The MIME types of the files, as read from their headers. */
  types: string[]

  /** The key system that was granted, or `''`. */
  keySystem: string

  /** What `getConfiguration()` granted. */
  configuration?: MediaKeySystemConfiguration | null

  /** Keystream decrypts in software, not the browser. */
  software: boolean

  /** Which CDM was chosen, and why: of the key system that was granted. */
  report?: KeySystemReport
}

/**
 * Of `stall`: playback stands still though nobody paused it, or goes on again. `network`: what is needed next is still being fetched; `gap`: the
 * media has a hole there; `key`: a key is missing; `decoder`: data and keys are there, and no picture comes; `''`: it is over.
 */
export interface StallDetail {
  cause: 'network' | 'gap' | 'key' | 'decoder' | ''

  /** Where, in seconds of the film. */
  position: number

  /** The keys that are waited for, where it is those: 32 lower-case hex digits each. */
  keyIds: string[]
}

/** How long one step on the way to a usable key took. */
export interface LicenseTiming {
  /** `negotiate`, `attach-keys`, `generate-request`, `license` or `update`. */
  step: string

  /** Of the last three; `''` while the CDM has given none. */
  sessionId: string

  /** 32 lower-case hex digits each. */
  keyIds: string[]

  /** Milliseconds on the clock of `performance.now()`, beside which the browser's own resource timings can be laid. */
  start: number

  /** Milliseconds. */
  duration: number

  failed: boolean
}

/** The kinds of tracks. */
export type TrackKind = 'video' | 'audio' | 'text'

/** A track that can be chosen. */
export interface Track {
  /** Unique in the Period that plays. */
  id: string
  kind: TrackKind

  /** BCP 47, or `''`. */
  language: string
  label: string

  /** `main`, `alternate`, `dub`, `caption`, `description`… */
  roles: string[]
  accessibility: { scheme: string; value: string }[]

  /** It is the one that plays, or is shown. */
  active: boolean

  /** The lowest first. */
  qualities: Quality[]
}

/** One encoding of a track. */
export interface Quality {
  id: string

  /** Bits a second. */
  bitrate: number

  /** In pixels; 0 where it is not told, or there is no picture. */
  width: number
  height: number

  /** Frames a second; 0 where it is not told. */
  frameRate: number

  /** As in `codecs`. */
  codec: string

  /** Nothing forbids it: neither the configuration nor a missing key, nor the size of the element. */
  allowed: boolean

  /** It is what plays. */
  active: boolean
}

/** Of `trackschange`: the tracks of the Period that plays. */
export interface TracksChangeDetail {
  tracks: Track[]

  /** The quality is chosen by the player. */
  auto: boolean
}

/** Of `qualitychange`: the playhead has come to media of another quality. */
export interface QualityChangeDetail {
  kind: TrackKind
  quality: Quality

  /** In seconds of the film. */
  position: number
}

/** Of `request`: a request is over. Times are milliseconds on the clock of `performance.now()`. */
export interface RequestDetail {
  kind: 'manifest' | 'init' | 'index' | 'media' | 'text' | 'license'

  /** Without userinfo, query and fragment. */
  url: string

  /** The first byte that was asked for, and how many; 0 of them is everything. */
  rangeStart: number
  rangeLength: number

  /** When it was sent, when its header was there (0: never), when it was over. */
  start: number
  opened: number
  end: number
  bytes: number

  /** 0 where there was no response. */
  status: number
  failed: boolean

  /** Nobody wanted it any more. */
  cancelled: boolean
}

/**
 * What is buffered of each kind of track: stretches of one quality each, whose id is `''` where a segment could not be had. Times are seconds, bitrates
 * bits a second: they tell qualities apart that have the same id in different Periods.
 */
export type BufferedMedia = Partial<Record<TrackKind, { start: number; end: number; quality: string; bitrate: number }[]>>

/** The events of a {@link Player}. */
export interface PlayerEventMap {
  encrypted: CustomEvent<EncryptedDetail>
  licenserequest: CustomEvent<LicenseRequestDetail>
  keystatuschange: CustomEvent<KeyStatusChangeDetail>
  statechange: CustomEvent<StateChangeDetail>
  stall: CustomEvent<StallDetail>
  trackschange: CustomEvent<TracksChangeDetail>
  qualitychange: CustomEvent<QualityChangeDetail>
  request: CustomEvent<RequestDetail>
  error: CustomEvent<KeystreamErrorDetail>
}
