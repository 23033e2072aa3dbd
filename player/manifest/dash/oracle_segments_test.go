package dash_test

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Eyevinn/dash-mpd/mpd"
)

// oracleInfo is SegmentTemplate, SegmentList or SegmentBase with what is inherited.
type oracleInfo struct {
	mpd.MultipleSegmentBaseType
	media, init string
	urls        []*mpd.SegmentURLType
}

func oracleSegments(base string, p *mpd.Period, set *mpd.AdaptationSetType, r *mpd.RepresentationType, period time.Duration, dynamic bool) string {
	var in oracleInfo
	template, list := false, false
	for _, t := range []*mpd.SegmentTemplateType{p.SegmentTemplate, set.SegmentTemplate, r.SegmentTemplate} {
		if t != nil {
			template = true
			in.media, in.init = first(t.Media, in.media), first(t.Initialization, in.init)
			in.merge(&t.MultipleSegmentBaseType)
		}
	}
	for _, l := range []*mpd.SegmentListType{p.SegmentList, set.SegmentList, r.SegmentList} {
		if l != nil {
			list = true
			if l.SegmentURL != nil {
				in.urls = l.SegmentURL
			}
			in.merge(&l.MultipleSegmentBaseType)
		}
	}
	for _, b := range []*mpd.SegmentBaseType{p.SegmentBase, set.SegmentBase, r.SegmentBase} {
		if b != nil {
			in.merge(&mpd.MultipleSegmentBaseType{SegmentBaseType: *b})
		}
	}
	return in.describe(base, r, period, dynamic, template, list)
}

func (in *oracleInfo) merge(b *mpd.MultipleSegmentBaseType) {
	for _, f := range []struct{ to, from **uint32 }{{&in.Timescale, &b.Timescale}, {&in.Duration, &b.Duration}, {&in.StartNumber, &b.StartNumber}, {&in.EndNumber, &b.EndNumber}} {
		if *f.from != nil {
			*f.to = *f.from
		}
	}
	if b.PresentationTimeOffset != nil {
		in.PresentationTimeOffset = b.PresentationTimeOffset
	}
	if b.SegmentTimeline != nil {
		in.SegmentTimeline = b.SegmentTimeline
	}
	if b.Initialization != nil {
		in.Initialization = b.Initialization
	}
	in.IndexRange = first(b.IndexRange, in.IndexRange)
}

func (in *oracleInfo) describe(base string, r *mpd.RepresentationType, period time.Duration, dynamic, template, list bool) (line string) {
	if in.init != "" {
		line += " init=" + oracleResolve(base, oracleExpand(in.init, r, 0, 0))
	} else if in.Initialization != nil {
		line += " init=" + oracleResolve(base, string(in.Initialization.SourceURL)) + oracleRange(in.Initialization.Range)
	} else if from, _, ok := strings.Cut(in.IndexRange, "-"); ok && from != "0" && !template && !list {
		line += " init=" + base + "[0+" + from + "]"
	}
	switch {
	case in.IndexRange != "" && !template && !list:
		return line + " index=" + base + oracleRange(in.IndexRange)
	case !template && !list:
		end := ""
		if in.Initialization != nil && in.Initialization.SourceURL == "" {
			_, to, _ := strings.Cut(in.Initialization.Range, "-")
			n, _ := strconv.Atoi(to)
			end = fmt.Sprintf("[%d+0]", n+1)
		}
		return line + strings.Repeat(" 0="+base+end+"@0s", 2)
	}
	starts := in.starts(period, dynamic)
	if starts == nil {
		return line
	}
	number := uint64(1)
	if in.StartNumber != nil {
		number = uint64(*in.StartNumber)
	}
	offset := new(big.Int)
	if in.PresentationTimeOffset != nil {
		offset.SetUint64(*in.PresentationTimeOffset)
	}
	for _, n := range []int{0, len(starts) - 1} {
		at := new(big.Rat).SetFrac(new(big.Int).Mul(new(big.Int).Sub(starts[n], offset), big.NewInt(1e9)), big.NewInt(int64(in.GetTimescale())))
		nanos := new(big.Int).Quo(at.Num(), at.Denom())
		where := ""
		if list {
			where = oracleResolve(base, string(in.urls[n].Media)) + oracleRange(string(in.urls[n].MediaRange))
		} else {
			where = oracleResolve(base, oracleExpand(in.media, r, number+uint64(n), starts[n].Uint64()))
		}
		line += fmt.Sprintf(" %d=%s@%v", n, where, time.Duration(nanos.Int64()))
	}
	return line
}

// starts are those of all segments, in ticks.
func (in *oracleInfo) starts(period time.Duration, dynamic bool) (starts []*big.Int) {
	scale := big.NewInt(int64(in.GetTimescale()))
	offset := new(big.Int)
	if in.PresentationTimeOffset != nil {
		offset.SetUint64(*in.PresentationTimeOffset)
	}
	end := new(big.Int).Mul(big.NewInt(int64(period)), scale)
	end.Add(end.Div(end, big.NewInt(1e9)), offset)
	if in.SegmentTimeline != nil {
		at := new(big.Int)
		for _, s := range in.SegmentTimeline.S {
			if s.T != nil {
				at.SetUint64(*s.T)
			}
			for n := 0; n <= s.R && (period <= 0 || at.Cmp(end) < 0); n++ {
				starts = append(starts, new(big.Int).Set(at))
				at.Add(at, new(big.Int).SetUint64(s.D))
			}
		}
		return starts
	}
	if in.Duration == nil || period <= 0 {
		return nil
	}
	for at := new(big.Int).Set(offset); at.Cmp(end) < 0 && (in.urls == nil || len(starts) < len(in.urls)); at.Add(at, big.NewInt(int64(*in.Duration))) {
		if in.EndNumber != nil && len(starts) > int(*in.EndNumber-*in.StartNumber) {
			break
		}
		starts = append(starts, new(big.Int).Set(at))
	}
	return starts
}

func oracleRange(s string) string {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return ""
	}
	a, _ := strconv.Atoi(from)
	b, _ := strconv.Atoi(to)
	return fmt.Sprintf("[%d+%d]", a, b-a+1)
}

var identifier = regexp.MustCompile(`\$(RepresentationID|Bandwidth|Number|Time)(%0(\d+)d)?\$`)

func oracleExpand(template string, r *mpd.RepresentationType, number, at uint64) string {
	return identifier.ReplaceAllStringFunc(template, func(s string) string {
		m := identifier.FindStringSubmatch(s)
		width, _ := strconv.Atoi(m[3])
		switch m[1] {
		case "RepresentationID":
			return r.Id
		case "Bandwidth":
			return fmt.Sprintf("%0*d", width, r.Bandwidth)
		case "Number":
			return fmt.Sprintf("%0*d", width, number)
		}
		return fmt.Sprintf("%0*d", width, at)
	})
}

func oracleProtection(set *mpd.AdaptationSetType, r *mpd.RepresentationType) string {
	all := append(slices.Clone(set.ContentProtections), r.ContentProtections...)
	if len(all) == 0 {
		return ""
	}
	scheme, kid, systems := "cenc", strings.Repeat("0", 32), ""
	for _, c := range all {
		id := strings.ToLower(strings.TrimSpace(string(c.SchemeIdUri)))
		if id == "urn:mpeg:dash:mp4protection:2011" {
			scheme = first(strings.ToLower(c.Value), scheme)
			kid = first(strings.ToLower(strings.ReplaceAll(c.DefaultKID, "-", "")), kid)
			continue
		}
		uuid, ok := strings.CutPrefix(id, "urn:uuid:")
		uuid = strings.ReplaceAll(uuid, "-", "")
		if !ok || len(uuid) != 32 {
			continue
		}
		pssh, pro, license := "", "", ""
		if c.Pssh != nil {
			pssh = c.Pssh.Value
		}
		if c.MSPro != nil {
			pro = c.MSPro.Value
		}
		if c.LaURL != nil {
			license = strings.TrimSpace(string(c.LaURL.Value))
		}
		systems += fmt.Sprintf(" %s:%s:%s:%s", uuid, fingerprint(debase(pssh)), fingerprint(debase(pro)), license)
	}
	return " " + scheme + " " + kid + systems
}
