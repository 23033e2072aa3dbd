// The films of dash.mjs that shaka-packager makes.
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run, rungs, segment } from './dash-source.mjs'
import { packager } from './packager.mjs'

const md5 = (text) => createHash('md5').update(text).digest('hex')
const keyIdOf = (name) => md5(`key id of ${name}`)
const keyOf = (name) => md5(`key of ${name}`)

/** The packager's own names for the keys of a ladder: AUDIO, SD below 576 lines, and so on. Here the film is too small for its rule. */
const labels = { 144: 'SD', 234: 'SD', 360: 'HD' }

const live = { profile: 'live', media: '$Number$' }
const onDemand = { profile: 'on-demand' }
const common = ['--protection_systems', 'Common']

/** What is packaged, and how. All keys are raw; a rotation makes the next key id and key by moving the first byte of the last to the end. */
export const packages = [
  {
    name: 'live-number',
    ...live,
    languages: ['en', 'de'],
    texts: ['en'],
    description: '$Number$ with a SegmentTimeline, two languages, segmented WebVTT',
  },
  { name: 'live-time', ...live, media: '$Time$', description: '$Time$ with a SegmentTimeline' },
  { name: 'live-constant', ...live, media: '$Time$', flags: ['--segment_template_constant_duration'], description: '$Time$ without a timeline' },
  { name: 'live-webm', ...live, ending: 'webm', description: 'WebM in segments' },
  {
    name: 'on-demand',
    ...onDemand,
    languages: ['en', 'de'],
    texts: ['en', 'de'],
    trick: true,
    description: 'one file a Representation with sidx, two languages, WebVTT files, a trick-play set',
  },
  { name: 'on-demand-webm', ...onDemand, ending: 'webm', description: 'one file a Representation with Cues' },
  { name: 'segment-list', ...onDemand, flags: ['--dash_force_segment_list'], description: 'byte ranges in a SegmentList' },
  {
    name: 'on-demand-cenc',
    ...onDemand,
    scheme: 'cenc',
    keys: 'one',
    flags: ['--mp4_include_pssh_in_stream=false'],
    description: 'cenc; the PSSH in the MPD only',
  },
  {
    name: 'on-demand-cbcs',
    ...onDemand,
    scheme: 'cbcs',
    keys: 'one',
    flags: ['--protection_systems', 'Widevine,PlayReady,Common'],
    description: 'cbcs; three systems',
  },
  { name: 'on-demand-webm-cenc', ...onDemand, ending: 'webm', scheme: 'cenc', keys: 'one', flags: common, description: 'encrypted WebM with Cues' },
  { name: 'live-cenc', ...live, scheme: 'cenc', keys: 'one', flags: common, description: 'cenc, in segments' },
  {
    name: 'live-cenc-foreign',
    ...live,
    scheme: 'cenc',
    keys: 'one',
    flags: ['--protection_systems', 'Widevine,PlayReady'],
    description: 'cenc; no PSSH for Clear Key',
  },
  {
    name: 'live-cbcs-keys',
    ...live,
    scheme: 'cbcs',
    keys: 'labels',
    flags: common,
    description: 'cbcs; keys of their own for sound, SD and HD, each in a set of its own',
  },
  {
    name: 'on-demand-cenc-keys',
    ...onDemand,
    scheme: 'cenc',
    keys: 'labels',
    flags: common,
    description: 'cenc; keys of their own for sound, SD and HD',
  },
  { name: 'live-webm-cenc', ...live, ending: 'webm', scheme: 'cenc', keys: 'one', flags: common, description: 'encrypted WebM in segments' },
  { name: 'clear-lead', ...live, scheme: 'cenc', keys: 'one', lead: 4, flags: common, description: 'cenc after 4 s of clear segments' },
  {
    name: 'rotation',
    ...live,
    scheme: 'cenc',
    keys: 'rotation',
    flags: common,
    description: 'a new key every 4 s, which only the segments name, in a PSSH',
  },
  {
    name: 'rotation-on-demand',
    ...onDemand,
    scheme: 'cbcs',
    keys: 'rotation',
    flags: common,
    description: 'a new key every 4 s, in one file a Representation',
  },
  { name: 'ad', ...onDemand, ad: true, description: 'what hand-ad has in its middle' },
  { name: 'ads', ...live, flags: ['--ad_cues', '4;8'], periods: 3, description: 'three Periods, for ads at 4 s and 8 s' },
  {
    name: 'ads-cenc',
    ...live,
    scheme: 'cenc',
    keys: 'one',
    flags: ['--ad_cues', '4;8', ...common],
    periods: 3,
    description: 'three encrypted Periods',
  },
].map((film) => ({ ending: 'mp4', languages: ['en'], texts: [], flags: [], lead: 0, periods: 1, scheme: '', ...film, name: `shaka-${film.name}` }))

/** Makes a film in folder/NAME/film.mpd, from what is in source, and gives its keys. */
export async function shaka(film, folder, source) {
  const to = join(folder, film.name)
  mkdirSync(to, { recursive: true })
  const { flags, keys } = protection(film)
  await run(
    packager(),
    [
      ...streams(film, source),
      ...['--mpd_output', 'film.mpd', '--segment_duration', `${segment}`, '--use_fake_clock_for_muxer', '--quiet', '--stderrthreshold', '2'],
      ...(film.profile === 'live' ? ['--generate_static_live_mpd'] : []),
      ...flags,
      ...film.flags,
    ],
    to,
  )
  return keys
}

function streams({ ending, languages, texts, trick, profile, media, ad }, source) {
  const files = (name, ending, segments) =>
    profile === 'live' ? `init_segment=${name}-init.${ending},segment_template=${name}-${media}.${segments}` : `output=${name}.${ending}`
  const from = (name, kind) => `in=${join(source, `${ad ? 'ad-' : ''}${name}`)},stream=${kind}`
  const segments = ending === 'mp4' ? 'm4s' : ending
  return [
    ...(ad ? [rungs[1]] : rungs).map(
      ({ height }) => `${from(`v${height}.${ending}`, 'video')},drm_label=${labels[height]},${files(`v${height}`, ending, segments)}`,
    ),
    ...(trick ? [`${from(`v360.${ending}`, 'video')},trick_play_factor=1,output=trick.${ending}`] : []),
    ...languages.map(
      (language) => `${from(`a-${language}.${ending}`, 'audio')},lang=${language},drm_label=AUDIO,${files(language, ending, segments)}`,
    ),
    ...texts.map(
      (language) =>
        `${from(`${language}.vtt`, 'text')},lang=${language},${profile === 'live' ? `segment_template=t-${language}-${media}.vtt` : `output=${language}.vtt`}`,
    ),
  ]
}

function protection({ name, scheme, keys, lead }) {
  if (!scheme) return { flags: [], keys: {} }
  const iv = scheme === 'cbcs' ? 16 : 8
  const flags = ['--enable_raw_key_encryption', '--protection_scheme', scheme, '--clear_lead', `${lead}`, '--iv', md5('IV').slice(0, 2 * iv)]
  if (keys === 'labels') {
    const pairs = ['AUDIO', 'SD', 'HD'].map((label) => [label, keyIdOf(name + label), keyOf(name + label)])
    const list = pairs.map(([label, kid, key]) => `label=${label}:key_id=${kid}:key=${key}`)
    return { flags: [...flags, '--keys', list.join()], keys: Object.fromEntries(pairs.map(([, kid, key]) => [kid, key])) }
  }
  flags.push('--keys', `label=:key_id=${keyIdOf(name)}:key=${keyOf(name)}`)
  if (keys === 'one') return { flags, keys: { [keyIdOf(name)]: keyOf(name) } }
  const moved = (hex, bytes) => hex.slice(2 * bytes) + hex.slice(0, 2 * bytes)
  const pairs = [0, 1, 2].map((period) => [moved(keyIdOf(name), period), moved(keyOf(name), period)])
  return { flags: [...flags, '--crypto_period_duration', '4'], keys: Object.fromEntries(pairs) }
}
