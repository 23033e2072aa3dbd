package main

func byHandCBC(w *writer) error {
	cbcs := func(crypt, skip int, constantIV []byte, ivSize int) protection {
		return protection{scheme: "cbcs", ivSize: ivSize, constantIV: constantIV, crypt: crypt, skip: skip, tenc: 1}
	}
	const several = "odd subsamples, several subsamples, "
	return w.simple(
		simple{"hand-cbc1-subsamples", "Subsamples of whole blocks, which are one chain for all of the sample", "iv 16, several subsamples, senc", "avc",
			protection{scheme: "cbc1", ivSize: 16}, iv16, blocks(5), senc | saiz},
		simple{"hand-cbc1-audio", "Whole samples, whose last bytes past a whole block are clear; IVs in an mdat", "iv 16, full sample, saiz alone", "aac",
			protection{scheme: "cbc1", ivSize: 16}, iv16, nil, saiz},
		simple{"hand-cbc1-iv-8", "IVs of 8 bytes, which zeros follow", "iv 8, senc alone", "avc", protection{scheme: "cbc1", ivSize: 8}, iv8, blocks(5),
			senc},
		simple{"hand-cbcs-1-9", "Pattern 1:9, a constant IV of 16 bytes, several subsamples, each a chain of its own",
			several + "constant iv 16, pattern 1:9, senc", "avc", cbcs(1, 9, iv16, 0), nil, nalus(5), senc | saiz},
		simple{"hand-cbcs-constant-iv-8", "A constant IV of 8 bytes, which zeros follow", several + "constant iv 8, pattern 1:9, senc alone", "avc",
			cbcs(1, 9, iv8, 0), nil, nalus(5), senc},
		simple{"hand-cbcs-iv-16", "An IV of 16 bytes for each sample", several + "iv 16, pattern 1:9, senc", "avc", cbcs(1, 9, nil, 16), iv16, nalus(5),
			senc | saiz},
		simple{"hand-cbcs-iv-8", "An IV of 8 bytes for each sample", several + "iv 8, pattern 1:9, saiz alone", "avc", cbcs(1, 9, nil, 8), iv8, nalus(5),
			saiz},
		simple{"hand-cbcs-5-5", "Pattern 5:5. Where a range ends within a run of 5, its whole blocks are encrypted",
			several + "constant iv 16, pattern 5:5, senc",
			"avc", cbcs(5, 5, iv16, 0), nil, nalus(5), senc | saiz},
		simple{"hand-cbcs-3-7", "Pattern 3:7, subsamples of all kinds", several + "constant iv 16, pattern other, empty subsamples, senc alone", "avc",
			cbcs(3, 7, iv16, 0), nil, uneven, senc},
		simple{"hand-cbcs-10-0", "Pattern 10:0 is all blocks", several + "constant iv 16, pattern 10:0, senc", "avc", cbcs(10, 0, iv16, 0), nil, nalus(5),
			senc | saiz},
		simple{"hand-cbcs-1-0", "Pattern 1:0 is all blocks", several + "constant iv 16, pattern 1:0, senc", "avc", cbcs(1, 0, iv16, 0), nil, nalus(5),
			senc | saiz},
		simple{"hand-cbcs-0-0", "No pattern is all blocks", several + "constant iv 16, pattern 0:0, senc", "avc", cbcs(0, 0, iv16, 0), nil, nalus(5),
			senc | saiz},
		simple{"hand-cbcs-tenc-0", "A tenc of version 0, which has no pattern: all blocks; an IV for each sample",
			several + "iv 16, pattern 0:0, tenc version 0, senc", "avc", protection{scheme: "cbcs", ivSize: 16}, iv16, nalus(5), senc | saiz},
		simple{"hand-cbcs-audio", "Whole samples under a constant IV: no auxiliary information at all",
			"constant iv 16, full sample, pattern 0:0, no auxiliary information",
			"aac", cbcs(0, 0, iv16, 0), nil, nil, 0},
		simple{"hand-cbcs-audio-constant-iv-8", "Whole samples under a constant IV of 8 bytes",
			"constant iv 8, full sample, pattern 0:0, no auxiliary information",
			"aac", cbcs(0, 0, iv8, 0), nil, nil, 0},
		simple{"hand-cbcs-audio-pattern", "Whole samples with a pattern, which is odd and legal", "iv 16, full sample, pattern 1:9, senc", "aac",
			cbcs(1, 9, nil, 16), iv16, nil, senc | saiz},
	)
}
