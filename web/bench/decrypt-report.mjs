// What the samples of the benchmark of decryption say, in tables.
import { groups, median, table } from './report.mjs'

/** The rates. */
export function markdown(all, films, runners) {
  const samples = all.filter(({ round }) => round !== undefined)
  const head = ['segments', ...runners.flatMap(({ name }) => (name === 'shaka-player' ? [`${name}, MB/s`] : [`${name}, MB/s`, '×']))]
  const rows = groups(samples, 'film').map(([name, of]) => {
    const film = films.find((film) => film.name === name)
    const by = new Map(groups(of, 'runner'))
    const peer = rate(by.get('shaka-player'))
    return [`${name} (${size(film)})`, ...runners.flatMap((runner) => cells(runner.name, by.get(runner.name), peer))]
  })
  return `${table(head, rows)}\n\n${starts(all, films)}`
}

function size({ segments }) {
  const bytes = segments.reduce((sum, [start, end]) => sum + end - start, 0) / segments.length
  return `${segments.length} of ${(bytes / 1e6).toFixed(bytes < 1e5 ? 3 : 1)} MB`
}

function cells(runner, list, peer) {
  const cell = `${spread(list)}${verdict(list)}`
  return runner === 'shaka-player' ? [cell] : [cell, peer && rate(list) ? `${(rate(list) / peer).toFixed(1)}` : '–']
}

function verdict(list) {
  const failed = list.find(({ failure }) => failure)
  if (failed) return ` fails: ${failed.failure}`
  return list.every(({ right }) => right) ? '' : ' **wrong**'
}

const ratesOf = (list) => list.filter(({ times }) => times).map(({ bytes, times }) => bytes / 1000 / times.reduce((a, b) => a + b, 0))
const rate = (list) => (ratesOf(list).length > 0 ? median(ratesOf(list)) : undefined)

function spread(list) {
  const rates = ratesOf(list)
  if (rates.length === 0) return '–'
  const digits = (value) => value.toFixed(value < 10 ? 1 : 0)
  return `${digits(median(rates))} (${digits(Math.min(...rates))}–${digits(Math.max(...rates))})`
}

function starts(samples, films) {
  const large = films.filter(({ rate, track }) => rate === 25 && track === 'video').map(({ name }) => name)
  const cold = samples.filter(({ first }) => first !== undefined)
  const rows = groups(cold, 'runner').map(([runner, list]) => [
    runner,
    median(list.map(({ start }) => start)).toFixed(0),
    ...large.map((name) => list.find(({ film }) => film === name)?.first.toFixed(0) ?? '–'),
  ])
  return table(['from nothing, ms', 'initialization segment', ...large.map((name) => `then its first segment: ${name}`)], rows)
}

/** The vectors: how many each decryptor gets right, and all that somebody does not. */
export function verdicts(list, runners) {
  const of = groups(list, 'vector').map(([vector, verdicts]) => [
    vector,
    ...runners.map(({ name }) => verdicts.find(({ runner }) => runner === name).verdict),
  ])
  const right = runners.map((_, i) => `${of.filter((row) => row[i + 1] === 'right').length} of ${of.length} right`)
  const not = of.filter((row) => row.slice(1).some((verdict) => verdict !== 'right'))
  return table(['vector', ...runners.map(({ name }) => name)], [['all', ...right], ...not])
}

/** The traces. */
export function playing({ segments, films }) {
  const ms = (value) => value.toFixed(1)
  const one = table(
    ['one segment', 'decryptor', 'ms', 'longest task of the page, ms', "page's thread, ms of a core", 'Worker, ms of a core'],
    segments.map(({ film, runner, ms: all, page, worker }) => [film, runner, ...[all, longest(page), page.cpu, worker.cpu].map(ms)]),
  )
  const share = (value, of) => `${((100 * value) / of).toFixed(1)} %`
  const all = table(
    [
      'a film of 25 Mbit/s',
      'runner',
      's',
      'frames (dropped)',
      "page's thread, of a core",
      'its longest task, ms',
      'the most a task took of a core, ms',
      "the longest with the Worker's answer, ms",
      'Worker, of a core',
    ],
    films.map(({ film, runner, ms: wall, frames, dropped, page, worker }) => [
      film,
      runner,
      (wall / 1000).toFixed(1),
      `${frames} (${dropped})`,
      share(page.cpu, wall),
      ms(longest(page)),
      ms(page.most),
      ms(page.answer),
      share(worker.cpu, wall),
    ]),
  )
  return [one, all, ...films.map(tasks)].join('\n\n')
}

const longest = (page) => page.longest[0]?.ms ?? 0

function tasks({ film, runner, page, before }) {
  const line =
    (when) =>
    ({ ms, cpu, what }) => [when, ms.toFixed(1), cpu.toFixed(1), what.replaceAll('|', '\\|')]
  const rows = [...page.longest.map(line('playing')), ...before.longest.slice(0, 5).map(line('start'))]
  return table([`${film}, ${runner}: the longest tasks of the page's thread`, 'ms', "ms of a core's time", 'what'], rows)
}
