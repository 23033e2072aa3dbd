export { KeystreamError } from './error.js'
export { Player, type PlayerEventTarget } from './player.js'
export type * from './types.js'
