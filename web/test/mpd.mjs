// An MPD as the tests look at it: enough of DASH for what the packagers of dash.mjs write, and told apart from the player's own reader.

/** The root element: name, attributes, children, text. */
export function parse(mpd) {
  const root = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  for (const [, close, name, attributes, empty, text] of mpd.matchAll(/<(\/?)([\w:]+)([^>]*?)(\/?)>|([^<]+)/g)) {
    const top = open.at(-1)
    if (text) top.text += text.trim()
    else if (close) open.pop()
    else if (name) {
      const element = {
        name,
        attributes: Object.fromEntries([...attributes.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, k, v]) => [k, v])),
        children: [],
        text: '',
      }
      top.children.push(element)
      if (!empty) open.push(element)
    }
  }
  return root.children.find(({ name }) => name === 'MPD')
}

export const all = (element, name) => element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)])
export const childrenOf = (element, name) => element.children.filter((child) => child.name === name)

/** Seconds of an xs:duration with hours, minutes and seconds. */
export function secondsOf(duration = 'PT0S') {
  const [, h = 0, m = 0, s = 0] = duration.match(/^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/)
  return Number(h) * 3600 + Number(m) * 60 + Number(s)
}

/** The Periods that have something to play: their seconds, and their Representations with the files that each addresses. */
export function periodsOf(mpd, folder) {
  const periods = childrenOf(mpd, 'Period').filter((period) => childrenOf(period, 'AdaptationSet').length && period.attributes.duration !== 'PT0S')
  return periods.map((period) => {
    const length = secondsOf(period.attributes.duration ?? mpd.attributes.mediaPresentationDuration)
    const representations = childrenOf(period, 'AdaptationSet').flatMap((set) =>
      childrenOf(set, 'Representation').map((own) => {
        const above = [mpd, period, set, own]
        const attributes = Object.assign({}, ...above.map((element) => element.attributes))
        return { attributes, set, ...piecesOf(above, folder, length) }
      }),
    )
    return { id: period.attributes.id, length, representations }
  })
}

/** Where the pieces of a Representation lie: init and segments, as {file, from, to}, of which to is the last byte; index is the sidx or the Cues. */
function piecesOf(above, folder, length) {
  // Of several BaseURLs of an element the last one: what dash.mjs breaks is the first.
  const base = above.map((element) => childrenOf(element, 'BaseURL').at(-1)?.text ?? '').join('')
  const at = (url = '', range = '') => {
    const [from, to] = range.split('-').filter(Boolean).map(Number)
    return { file: decodeURIComponent(new URL(base + url, `file://${folder}/`).pathname), from, to }
  }
  const nearest = (name) => above.map((element) => childrenOf(element, name)[0]).filter(Boolean)
  const [templates, lists, bases] = ['SegmentTemplate', 'SegmentList', 'SegmentBase'].map(nearest)
  const merged = (elements) => ({ ...Object.assign({}, ...elements.map((e) => e.attributes)), children: elements.flatMap((e) => e.children) })
  if (templates.length) {
    const template = merged(templates)
    const expand = (text, values) => text.replace(/\$(\w+)(?:%0(\d+)d)?\$/g, (_, name, width = 0) => `${values[name]}`.padStart(width, '0'))
    const values = { RepresentationID: above.at(-1).attributes.id }
    return {
      init: template.initialization && at(expand(template.initialization, values)),
      segments: startsOf(template, length).map(([number, time]) => at(expand(template.media, { ...values, Number: number, Time: time }))),
    }
  }
  if (lists.length) {
    const { children } = merged(lists)
    const [init] = children.filter(({ name }) => name === 'Initialization')
    const urls = children.filter(({ name }) => name === 'SegmentURL')
    return {
      init: at(init.attributes.sourceURL, init.attributes.range),
      segments: urls.map((url) => at(url.attributes.media, url.attributes.mediaRange)),
    }
  }
  if (!bases.length) return { segments: [at()] }
  const { indexRange, children } = merged(bases)
  return { init: at('', children[0].attributes.range), index: at('', indexRange), segments: [at('', `${indexRange.split('-')[1] * 1 + 1}-`)] }
}

/** [number, time] of each segment. */
function startsOf({ startNumber = '1', duration, timescale = '1', children }, length) {
  const first = Number(startNumber)
  if (duration) return Array.from({ length: Math.ceil((length * timescale) / duration) }, (_, i) => [first + i, i * duration])
  const starts = []
  let time = 0
  for (const {
    attributes: { t = time, d, r = 0 },
  } of children.flatMap((timeline) => timeline.children)) {
    time = Number(t)
    for (let i = 0; i <= r; i++, time += Number(d)) starts.push([first + starts.length, time])
  }
  return starts
}
