// The page under test: a video, a player, and what the tests do with them. All that a player says is kept, in order.

import { install } from './fakecdm.mjs'
import { hurry, probe } from './probe.mjs'

const query = new URLSearchParams(location.search)
if (query.has('hurry')) hurry(Number(query.get('hurry')))
if (query.has('cdm')) install()
if (query.has('managed')) delete globalThis.MediaSource // which leaves ManagedMediaSource, where there is one

const { Player } = await import(`${query.get('prefix') ?? ''}/dist/keystream.js`)

const video = document.querySelector('video')
const types = ['encrypted', 'licenserequest', 'keystatuschange', 'statechange', 'stall', 'trackschange', 'qualitychange', 'request', 'error']

const stage = {
  Player,
  probe,
  video,
  player: undefined,
  seen: [], // { type, detail } of every event
  heard: [], // { type, at } of the element's events, at which time of the film

  /** Makes a player, after closing the one before. */
  async make(config) {
    await stage.player?.close()
    stage.seen = []
    stage.heard = []
    stage.player = stage.watch(new Player(video, config))
  },

  /** Keeps the events of a player. */
  watch(player) {
    const { seen } = stage
    for (const type of types) player.addEventListener(type, ({ detail }) => seen.push({ type, detail }))
    return player
  },

  /**
   * Loads, and gives what load rejects with as a plain object, or null. A source may be { own, shape }: the addresses of files that become the
   * visitor's own.
   */
  async load(source, player = stage.player) {
    try {
      await player.load(source?.own ? await own(source) : source)
      return null
    } catch (error) {
      return { ...error.toJSON(), name: error.name, text: String(error) }
    }
  },

  /** Makes, loads and plays to the end. */
  async play(source, config, rate) {
    await stage.make(config)
    const error = await stage.load(source)
    return error ?? stage.playToEnd(rate)
  },

  /** Makes, loads and plays, at a rate. */
  async start(source, config, rate = 1) {
    await stage.make(config)
    performance.clearResourceTimings()
    await stage.player.load(source)
    video.playbackRate = rate
    await video.play()
  },

  /** Resolves once this is true, which is looked at often. */
  async until(isSo) {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
  },

  /** The names of the files that the browser was asked for, in order. */
  asked: () => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname.split('/').at(-1)),

  /** The details of the player's events of a type. */
  told: (wanted) => stage.seen.filter(({ type }) => type === wanted).map(({ detail }) => detail),

  /** Which quality is buffered at a time: its id, '' for a segment that could not be had, or undefined. */
  qualityAt: (kind, time) => stage.player.buffered[kind]?.find(({ start, end }) => start <= time && time < end)?.quality,

  /** Plays to the film's end, or to an error of the player's. */
  async playToEnd(rate = 1) {
    video.playbackRate = rate
    await new Promise((resolve, reject) => {
      stage.player.addEventListener('statechange', ({ detail }) => detail.state === 'ended' && resolve())
      stage.player.addEventListener('error', ({ detail }) => reject(new Error(JSON.stringify(detail))))
      video.play().catch(reject)
    })
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
    return { ended: video.ended, frames: totalVideoFrames, dropped: droppedVideoFrames, mode: stage.player.mode }
  },

  /** Loads, and plays where it can, until the player fails or the film ends: what load rejects with, and the errors that were told. */
  async suffer(source, rate = 8) {
    const over = Promise.race([stage.reached('failed'), stage.reached('ended')])
    const rejection = await stage.load(source)
    video.playbackRate = rate
    if (!rejection) video.play().catch(() => {})
    await over
    return { rejection, errors: stage.errors() }
  },

  /** How far the film is from a picture of it, at a time: the mean difference of colours from 0 to 255, at a size that hides details. */
  async difference(picture, at) {
    const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }))
    video.currentTime = at
    await seeked
    const image = new Image()
    image.src = picture
    await image.decode()
    const [a, b] = [video, image].map(colours)
    return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length
  },

  errors: () => stage.told('error'),

  /** Resolves when the player's state is this one. */
  reached(state, player = stage.player) {
    return new Promise((resolve) => {
      const look = () => player.state === state && resolve()
      player.addEventListener('statechange', look)
      look()
    })
  },
}

for (const type of ['loadstart', 'waiting', 'seeked', 'ended', 'resize'])
  video.addEventListener(type, () => stage.heard.push({ type, at: video.currentTime }))

const shapes = {
  File: ([file]) => file,
  Blob: ([file]) => file.slice(),
  'File in chunks': ([file]) => ({ url: file, chunks: 5 }),
  'array of Files': (files) => files,
  'File in an unknown codec': ([file]) => change(file, (bytes) => bytes.set(encode('none'), find(bytes, 'avc1'))),
  'File whose trun counts too much': ([file]) => change(file, (bytes) => bytes.fill(0xff, find(bytes, 'trun') + 8, find(bytes, 'trun') + 12)),
  'File of noise after its header': ([file]) => change(file, (bytes) => bytes.fill(0xa5, find(bytes, 'moof') + 4)),
}

/** What is shown, in 16 by 9 points of red, green, blue and opacity. */
function colours(shown) {
  const canvas = document.createElement('canvas')
  canvas.width = 16
  canvas.height = 9
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context.drawImage(shown, 0, 0, 16, 9)
  return [...context.getImageData(0, 0, 16, 9).data]
}

const encode = (text) => new TextEncoder().encode(text)
const find = (bytes, text) => new TextDecoder('latin1').decode(bytes).lastIndexOf(text, 16_384)

async function change(file, edit) {
  const bytes = new Uint8Array(await file.arrayBuffer())
  edit(bytes)
  return new File([bytes], file.name)
}

/** A source of Files that lie about their type. */
async function own({ own, shape }) {
  const responses = await Promise.all(own.map((url) => fetch(url)))
  const blobs = await Promise.all(responses.map((response) => response.blob()))
  return shapes[shape](blobs.map((blob) => new File([blob], 'film', { type: 'video/ogg' })))
}

globalThis.stage = stage
