// The list of films that the demo pages share. Nothing here is Keystream's: a page of your own has a film of its own.

// films fetches the list that /media/films.json gives, with addresses that a page can load.
export async function films() {
  const response = await fetch('/media/films.json')
  if (!response.ok) throw new Error(`/media/films.json: HTTP ${response.status}`)
  const list = await response.json()
  return list.map((film) => ({
    ...film,
    files: film.files.map((file) => `/media/${file}`),
    poster: film.poster ? `/media/${film.poster}` : '',
  }))
}

// refused tells the films that no browser decrypts. Keystream does.
const refused = ({ scheme, keys, fragmented }) => ['cens', 'cbc1'].includes(scheme) || (Object.keys(keys).length > 0 && !fragmented)

const groups = {
  MP4: (film) => film.container === 'mp4' && !refused(film),
  WebM: (film) => film.container === 'webm' && !refused(film),
  'Decrypted by no browser, only by Keystream': refused,
}

// offer fills a <select> with films, in groups, and selects the one named.
export function offer(select, list, named) {
  for (const [label, belongs] of Object.entries(groups)) {
    const options = list.filter(belongs).map((film) => new Option(film.title, film.name))
    if (options.length === 0) continue
    const group = document.createElement('optgroup')
    group.label = label
    group.append(...options)
    select.append(group)
  }
  if (list.some((film) => film.name === named)) select.value = named
}
