// What the benchmark's samples say.

const steps = [
  'first fetch',
  'access asked',
  'access granted',
  'MediaKeys made',
  'MediaKeys attached',
  'generateRequest',
  'message',
  'licence asked',
  'licence came',
  'update',
  'key usable',
]

/** The tables: the results, then the steps of a first load one by one. */
export function markdown(samples) {
  return `${results(samples)}\n\n${path(samples)}`
}

/** In which scenarios we ask for more licences than the best peer, in words. */
export function scoreOf(samples) {
  const lines = []
  for (const [scenario, of] of groups(samples, 'scenario')) {
    const most = new Map(groups(of, 'player').map(([player, list]) => [player, worst(list)]))
    const mine = most.get('keystream')
    most.delete('keystream')
    const best = Math.min(...most.values())
    if (mine === Infinity) lines.push(`${scenario}: keystream failed`)
    else if (mine > best) lines.push(`${scenario}: keystream asked for ${mine} licences, the best peer for ${best}`)
  }
  return lines
}

/** The most licences asked for in a load; without end where a load failed. */
function worst(samples) {
  return Math.max(...samples.map(({ requests = Infinity }) => requests))
}

function results(samples) {
  const rows = groups(samples, 'scenario').flatMap(([scenario, of]) =>
    groups(of, 'player')
      .sort()
      .map(([player, list]) => [scenario, player, ...cells(list)]),
  )
  return table(['scenario', 'player', 'N', 'licence requests', 'sessions', 'first key usable, ms', 'all keys usable, ms', 'canplay, ms'], rows)
}

function cells(list) {
  const fine = list.filter(({ failure }) => !failure)
  const [failed] = list.filter(({ failure }) => failure)
  const n = failed ? `${fine.length}; ${list.length - fine.length} failed: ${failed.failure}` : `${fine.length}`
  const of = (name) => fine.map((sample) => sample[name]).filter((value) => value !== undefined && value !== null)
  return [n, span(of('requests')), span(of('sessions')), spread(of('usable')), spread(of('all')), spread(of('canplay'))]
}

/** When each step of a first load is taken, in median milliseconds since load(). */
function path(samples) {
  const first = samples.filter(({ scenario, failure }) => scenario === samples[0].scenario && !failure)
  const players = groups(first, 'player').sort()
  const rows = steps.map((step) => [
    step,
    ...players.map(([, list]) => {
      const times = list.map(({ marks }) => marks[step]).filter((time) => time !== undefined)
      return times.length > 0 ? median(times).toFixed(1) : '–'
    }),
  ])
  return table([`${samples[0].scenario}: first time of, ms`, ...players.map(([player]) => player)], rows)
}

export function groups(samples, field) {
  const found = new Map()
  for (const sample of samples) found.set(sample[field], [...(found.get(sample[field]) ?? []), sample])
  return [...found]
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function spread(values) {
  if (values.length === 0) return '–'
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)})`
}

function span(values) {
  if (values.length === 0) return '–'
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? `${least}` : `${least}–${most}`
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
