package player

const fragmentRemedy = `Package it as fragmented MP4, or leave mode out (or "direct") to play it through src`

// choose decides how the source is played: MSE where every file's header says that MSE can take it, the element's src otherwise. A mode with an
// error is right only if our own CDM decrypts: what comes out of it, MSE can take. Without a mode, the error says why there is none.
func (pb *playback) choose() (Mode, error) {
	mode := pb.player.config.Mode
	switch {
	case pb.film != nil && mode == ModeDirect:
		return "", sourceError(ManifestUnsupported, pb.source.Tracks[0], nil, "is a manifest, which no element plays directly", `Leave mode out, or use "mse"`)
	case pb.film != nil:
		return ModeMSE, nil
	}
	if mode != ModeDirect {
		obstacle, curable := pb.obstacles()
		switch {
		case obstacle == nil:
			return ModeMSE, nil
		case (mode == ModeMSE || len(pb.files) > 1) && curable:
			return ModeDirect, obstacle
		case mode == ModeMSE || len(pb.files) > 1:
			return "", obstacle
		}
	}
	if h := pb.files[0]; h.header != nil && pb.element.CanPlayType(h.header.MIMEType()) == "" {
		return "", codecError(h)
	}
	return ModeDirect, nil
}

// obstacles gives the first reason why MSE cannot take the files. It is curable where our own CDM may take all of them in.
func (pb *playback) obstacles() (first error, curable bool) {
	curable = pb.content().Encrypted() && pb.player.config.DRM.MayDecrypt(pb.host)
	for _, h := range pb.files {
		err := pb.obstacle(h)
		if err == nil {
			continue
		}
		curable = curable && err.Code == SourceNotFragmented && h.header != nil
		if first == nil {
			first = err
		}
	}
	return first, curable
}

// obstacle says why MSE cannot take a file; nil says that it can.
func (pb *playback) obstacle(h *head) *Error {
	switch {
	case h.header == nil:
		return sourceError(SourceNotFragmented, h.file, h.unread, "cannot be taken by MSE ("+h.unread.Error()+")",
			fragmentRemedy)
	case h.total < 0:
		return sourceError(RangeUnsupported, h.file, nil, "comes from a server that does not tell its size",
			`Let the server send Access-Control-Expose-Headers: Content-Range, or use mode "direct"`)
	case !pb.host.IsTypeSupported(h.header.MIMEType()):
		return codecError(h)
	case !h.header.Fragmented:
		return sourceError(SourceNotFragmented, h.file, nil, "is a progressive MP4, which MSE cannot take",
			fragmentRemedy)
	}
	return nil
}

func codecError(h *head) *Error {
	return sourceError(CodecUnsupported, h.file, nil, "is "+h.header.MIMEType()+", which this browser cannot decode",
		"Offer the film in a codec that every browser has, such as H.264 with AAC or VP9 with Opus")
}
