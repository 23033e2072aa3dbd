package playertest

// Resume plays on, as the player asks for after it has changed the source, unless the options forbid it.
func (e *Element) Resume(rate float64) {
	e.SetPlaybackRate(rate)
	if !e.host.options.NoResume {
		e.Play()
	}
}
