/** The bytes of an ArrayBuffer, or of a view on one. */
export type Bytes = ArrayBuffer | ArrayBufferView

/** What a {@link Player} is made with. The empty object plays clear media. */
export interface PlayerConfig {
  /** The key systems that may decrypt, by name (`org.w3.clearkey`). Their order is the order of preference. */
  keySystems?: Record<string, KeySystemConfig>

  /**
   * How to play: `mse` fetches the file in chunks and appends them to a MediaSource, `direct` gives it to the element's `src`.
   * `auto`, the default, chooses by the file's own header.
   */
  mode?: 'auto' | 'mse' | 'direct'
}

/** Where a key system's licences come from. With both, `keys` come first and `license` is asked only for the key ids that they lack. */
export interface KeySystemConfig {
  /** A licence server's URL, the same with headers, or a function that answers a licence request. */
  license?: string | URL | LicenseServer | LicenseFunction

  /**
   * Content keys by key id (Clear Key only). Both are 16 bytes, written as hex, UUID, base64 or base64url; a key may be raw bytes too.
   */
  keys?: Record<string, string | Bytes>
}

/** A licence server, reached by HTTP POST. */
export interface LicenseServer {
  /** Relative to the page. */
  url: string | URL

  /** Sent with each request, as `new Headers(headers)` reads them. */
  headers?: HeadersInit

  /** Also sends cookies and HTTP authentication to another origin. */
  withCredentials?: boolean
}

/** Answers a licence request with the licence's bytes. What it throws becomes the cause of a typed error. */
export type LicenseFunction = (request: LicenseRequest) => Bytes | PromiseLike<Bytes>

/** A CDM's message, and what it is about. */
export interface LicenseRequest {
  keySystem: string

  /** `license-request`, `license-renewal`, `license-release` or `individualization-request`. */
  messageType: string

  /** The message as the CDM gave it; for Clear Key, without the key ids that `keys` has. */
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

  /** Playback has stopped; `load` begins anew. */
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

  /** What was asked of the key system, where that failed. */
  configuration?: MediaKeySystemConfiguration[]
}

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
}

/** The events of a {@link Player}. */
export interface PlayerEventMap {
  encrypted: CustomEvent<EncryptedDetail>
  licenserequest: CustomEvent<LicenseRequestDetail>
  keystatuschange: CustomEvent<KeyStatusChangeDetail>
  statechange: CustomEvent<StateChangeDetail>
  error: CustomEvent<KeystreamErrorDetail>
}
