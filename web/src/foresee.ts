// What a head start can tell of an MPD before Go reads it: the one key that a film needs, and what is played first. It understands plain manifests, and of all
// others says nothing: what it names is only asked for sooner, so to be silent costs some time and to be wrong some bytes.

export interface Foreseen {
  /** The only key id that is named, in base64url, or `''`. */
  keyId: string

  /** The initialization and the first media segment of the lowest picture and of the sound. */
  media: string[]
}

interface Scope {
  base: string
  kind: string
  id: string
  bandwidth: number
  initialization?: string
  media?: string
  number: string
  time?: string
}

interface Rung {
  kind: string
  bandwidth: number
  urls: string[]
}

const tag = /<(\/?)(?:[\w.-]+:)?([\w.-]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>([^<]*)/g
const levels = ['MPD', 'Period', 'AdaptationSet', 'Representation']
const commonPSSH = /^.{8}70737368.{8}1077efecc0b24d02ace33c1e52e2fb4b(.{8})((?:.{32})*)/

export function foresee(mpd: string, url: string): Foreseen {
  const unusual = /type\s*=\s*["']dynamic|trickmode|xlink:|<!DOCTYPE|<!\[CDATA/i.test(mpd)
  return { keyId: onlyKey(mpd), media: unusual ? [] : first(rungs(mpd, url)) }
}

/** The key that default_KID and the common PSSH name, if they name but one. */
function onlyKey(mpd: string): string {
  const ids = new Set<string>()
  for (const [, id = ''] of mpd.matchAll(/default_KID\s*=\s*["']([^"']*)["']/g)) ids.add(id.replaceAll('-', '').toLowerCase())
  for (const [, box = ''] of mpd.matchAll(/pssh[^>]*>([^<]*)</g)) {
    const [, , list = ''] = commonPSSH.exec(hexOf(box.replace(/\s/g, ''))) ?? []
    for (const [id] of list.matchAll(/.{32}/g)) ids.add(id)
  }
  const [id = ''] = ids
  if (ids.size !== 1 || !/^[0-9a-f]{32}$/.test(id) || /^0+$/.test(id)) return ''
  const bytes = id.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16)))
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function hexOf(base64: string): string {
  try {
    return Array.from(atob(base64), (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  } catch {
    return ''
  }
}

/** The Representations of a manifest of one Period, set by set. */
function rungs(mpd: string, url: string): Rung[][] {
  const sets: Rung[][] = []
  const scopes: Scope[] = [{ base: url, kind: '', id: '', bandwidth: 0, number: '1' }]
  let periods = 0
  for (const [, closes, name = '', attributes = '', empty, text = ''] of mpd.matchAll(tag)) {
    const scope = scopes[0] as Scope
    if (levels.includes(name) && !closes) {
      if (name === 'Period') periods++
      if (name === 'AdaptationSet') sets.push([])
      scopes.unshift(read({ ...scope }, attributes))
    } else if (!closes) inherit(scope, name, attributes, text)
    if (!levels.includes(name) || (!closes && !empty)) continue
    const [done] = scopes.splice(0, 1)
    if (name === 'Representation' && done) sets.at(-1)?.push({ kind: done.kind, bandwidth: done.bandwidth, urls: urlsOf(done) })
  }
  return periods === 1 ? sets : []
}

function attribute(attributes: string, name: string): string | undefined {
  const [, value] = new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes) ?? []
  return value?.replaceAll('&amp;', '&')
}

function read(scope: Scope, attributes: string): Scope {
  const kind = attribute(attributes, 'contentType') ?? attribute(attributes, 'mimeType')
  if (kind && !scope.kind) scope.kind = kind.replace(/\/.*/, '')
  scope.id = attribute(attributes, 'id') ?? ''
  scope.bandwidth = Number(attribute(attributes, 'bandwidth') ?? 0)
  return scope
}

function inherit(scope: Scope, name: string, attributes: string, text: string): void {
  if (name === 'BaseURL' && URL.canParse(text.trim(), scope.base)) scope.base = new URL(text.trim(), scope.base).href
  if (name === 'S') scope.time ??= attribute(attributes, 't') ?? '0'
  if (name !== 'SegmentTemplate') return
  scope.initialization = attribute(attributes, 'initialization') ?? scope.initialization
  scope.media = attribute(attributes, 'media') ?? scope.media
  scope.number = attribute(attributes, 'startNumber') ?? scope.number
}

function urlsOf({ base, id, bandwidth, initialization = '', media = '', number, time }: Scope): string[] {
  const values: Record<string, string | undefined> = { RepresentationID: id, Bandwidth: String(bandwidth), Number: number, Time: time }
  const urls = [initialization, media].map((template) =>
    template.replace(/\$(\w*)(?:%0(\d\d?)d)?\$/g, (_, name, width = '0') => (name ? (values[name]?.padStart(Number(width), '0') ?? '\0') : '$')),
  )
  const plain = /^[\w.-]*$/.test(id) && /\$(Number|Time)/.test(media) && urls.every((ref) => ref && !/[\0\s]/.test(ref) && URL.canParse(ref, base))
  return plain ? urls.map((ref) => new URL(ref, base).href) : []
}

/** What Go begins with, where there is no choice but that of the quality. */
function first(sets: Rung[][]): string[] {
  const of = (kind: string) => sets.filter(([rung]) => rung?.kind === kind)
  if (of('video').length > 1 || of('audio').length > 1) return []
  return [...of('video'), ...of('audio')].flatMap((set) => set.reduce((low, rung) => (rung.bandwidth < low.bandwidth ? rung : low)).urls)
}
