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

// offer fills a <select> with films, grouped by container, and selects the one named.
export function offer(select, list, named) {
  for (const container of new Set(list.map((film) => film.container))) {
    const group = document.createElement('optgroup')
    group.label = { mp4: 'MP4', webm: 'WebM' }[container] ?? container
    group.append(...list.filter((film) => film.container === container).map((film) => new Option(film.title, film.name)))
    select.append(group)
  }
  if (list.some((film) => film.name === named)) select.value = named
}
