// The part of the bridge that concerns the element: its source, what is appended to that, and its text tracks.
import { bodyOf } from './table.js'

/** A VTTCue as Go writes it. What is left out is "auto". */
type CrossedCue = { start: number; end: number; text: string } & Partial<
  Pick<VTTCue, 'id' | 'vertical' | 'line' | 'snapToLines' | 'lineAlign' | 'position' | 'positionAlign' | 'size' | 'align'>
>

/** When a text track's file is loaded, or failed to: that empties its list of cues. */
const readiness = new WeakMap<TextTrack, Promise<unknown>>()
let emptyFile: string | undefined

const attaching = new WeakMap<HTMLMediaElement, AbortController>()

/** Runs an operation of a SourceBuffer, after the one that may still be under way, and waits for its end. */
function update(source: MediaSource, buffer: SourceBuffer, act: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = new AbortController()
    let begun = false
    const end = (error?: unknown) => {
      stop.abort()
      if (error) reject(error)
      else resolve()
    }
    const begin = () => {
      try {
        act()
        begun = true
      } catch (error) {
        end(error)
      }
    }
    const on = (target: EventTarget, type: string, f: () => void) => target.addEventListener(type, f, { signal: stop.signal })
    // abort() ends an operation at once but fires its events later: while the buffer is updating, an event is that of an earlier operation.
    const ended = (error?: DOMException) => () => {
      if (begun && !buffer.updating) end(error)
    }
    on(buffer, 'error', ended(new DOMException('the media cannot be parsed or decoded', 'EncodingError')))
    on(buffer, 'abort', ended(new DOMException('the operation was aborted', 'AbortError')))
    on(buffer, 'updateend', () => {
      if (begun) ended()()
      else if (!buffer.updating) begin()
    })
    on(source, 'sourceclose', () => end(new DOMException('the media source was closed', 'InvalidStateError')))
    if (!buffer.updating) begin()
  })
}

export const media = {
  /** Gives the element a URL to play, or takes its source away with ''. */
  setSrc(element: HTMLMediaElement, url: string): void {
    attaching.get(element)?.abort()
    element.preload = 'auto'
    if (url) {
      element.src = url
    } else {
      element.removeAttribute('src')
      element.load()
    }
  },

  /** Go cannot set it: an exception out of a setter would unwind its stack. */
  setDuration(source: MediaSource, seconds: number): void {
    source.duration = seconds
  },

  /** Plays on after a new source has paused the element, if the browser lets the page. */
  resume(element: HTMLMediaElement, rate: number): void {
    element.playbackRate = rate
    element.play().catch(() => {})
  },

  setCurrentTime(element: HTMLMediaElement, seconds: number): void {
    element.currentTime = seconds
  },

  /** Makes a media source the element's, and waits until it is open. */
  attach(element: HTMLMediaElement, source: MediaSource, url: string): Promise<void> {
    attaching.get(element)?.abort()
    const stop = new AbortController()
    attaching.set(element, stop)
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => () => {
        settle()
        stop.abort()
      }
      const { signal } = stop
      signal.addEventListener('abort', () => reject(new DOMException('another source took its place', 'AbortError')))
      source.addEventListener('sourceopen', end(resolve), { signal })
      const refused = new DOMException('the element refused the media source', 'NotSupportedError')
      element.addEventListener(
        'error',
        end(() => reject(refused)),
        { signal },
      )
      // A ManagedMediaSource does not open while remote playback is possible.
      if ('streaming' in source) element.disableRemotePlayback = true
      element.src = url
    })
  },

  /** What a ManagedMediaSource evicts of its own accord is told by its buffers. Here they tell it to all who listen to the source. */
  addSourceBuffer(source: MediaSource, type: string): SourceBuffer {
    const buffer = source.addSourceBuffer(type)
    buffer.addEventListener('bufferedchange', (event) => {
      const { removedRanges } = event as Event & { removedRanges?: TimeRanges }
      if (removedRanges?.length !== 0) source.dispatchEvent(new Event(event.type))
    })
    return buffer
  },

  append(id: number, source: MediaSource, buffer: SourceBuffer): Promise<void> {
    return update(source, buffer, () => buffer.appendBuffer(bodyOf(id)))
  },

  remove(source: MediaSource, buffer: SourceBuffer, start: number, end: number): Promise<void> {
    return update(source, buffer, () => buffer.remove(start, end))
  },

  /** Start and end of each buffered range, in one array; none of a SourceBuffer that was removed. */
  buffered(of: { readonly buffered: TimeRanges }): number[] {
    let ranges: TimeRanges
    try {
      ranges = of.buffered
    } catch {
      return []
    }
    return Array.from({ length: 2 * ranges.length }, (_, i) => (i % 2 ? ranges.end(i >> 1) : ranges.start(i >> 1)))
  },

  setTimestampOffset(buffer: SourceBuffer, seconds: number): void {
    buffer.timestampOffset = seconds
  },

  /** The end is set between the two, because the start must always be before it. */
  setAppendWindow(buffer: SourceBuffer, start: number, end: number): void {
    buffer.appendWindowStart = 0
    buffer.appendWindowEnd = end
    buffer.appendWindowStart = start
  },

  /** A <track> can be taken away again. Chromium shows none whose file has failed to load, so it has one. */
  addTextTrack(element: HTMLMediaElement, kind: string, label: string, language: string): HTMLTrackElement {
    const track = document.createElement('track')
    const loaded = new Promise((resolve) => {
      track.onload = track.onerror = resolve
    })
    track.kind = kind
    track.label = label
    track.srclang = language
    readiness.set(track.track, loaded)
    emptyFile ??= URL.createObjectURL(new Blob(['WEBVTT'], { type: 'text/vtt' }))
    track.src = emptyFile
    element.append(track)
    track.track.mode = 'hidden'
    return track
  },

  /** Adds what the browser takes: a cue that it refuses does not cost the others. */
  async addCues(track: TextTrack, cues: CrossedCue[]): Promise<void> {
    await readiness.get(track)
    for (const { start, end, text, ...settings } of cues) {
      try {
        track.addCue(Object.assign(new VTTCue(start, end, text), settings))
      } catch {}
    }
  },

  /** A disabled track shows its cues to nobody, us included. */
  async removeCues(track: TextTrack, start: number, end: number): Promise<void> {
    await readiness.get(track)
    const { mode } = track
    if (mode === 'disabled') track.mode = 'hidden'
    for (const cue of Array.from(track.cues ?? [])) if (cue.startTime >= start && cue.endTime <= end) track.removeCue(cue)
    track.mode = mode
  },
}
