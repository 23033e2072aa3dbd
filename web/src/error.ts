import type { KeyStatus, KeySystemReport, KeystreamErrorDetail } from './types.js'

/** What `load` rejects with: the detail of an `error` event, as an Error. */
export class KeystreamError extends Error implements KeystreamErrorDetail {
  declare code: string
  declare fatal: boolean
  declare stage: string
  declare remedy: string
  declare keySystem?: string
  declare httpStatus?: number
  declare url?: string
  declare keyStatuses?: KeyStatus[]
  declare keyIds?: string[]
  declare configuration?: MediaKeySystemConfiguration[]
  declare report?: KeySystemReport

  constructor(detail: KeystreamErrorDetail, options?: ErrorOptions) {
    super(detail.message, options)
    Object.assign(this, detail)
  }

  override get name(): string {
    return 'KeystreamError'
  }

  /** The plain detail, as events carry it. */
  toJSON(): KeystreamErrorDetail {
    return { ...this, message: this.message }
  }
}

/** An error that JavaScript found, before or beside Go: fatal, in the configure stage unless more is said. */
export function failure(code: string, message: string, remedy: string, more?: Partial<KeystreamErrorDetail>, cause?: unknown): KeystreamError {
  return new KeystreamError({ code, fatal: true, stage: 'configure', message, remedy, ...more }, { cause })
}
