package provision

import (
	"fmt"
	"slices"
	"time"
)

// A setting of a configuration C is compared by its text, unless it can be more
// than enough.
type setting[C any] struct {
	name   string
	when   when
	text   func(C) string
	copy   func(to *C, from C)
	enough func(have, want C) bool // nil: only the same text is
}

// when says whether a configuration tells how it wants a setting to be.
type when int

const (
	always when = iota // its zero value is meant too
	given              // without a text it leaves it as it is
)

// wrong reports whether have lacks what want tells of the setting.
func (s setting[C]) wrong(have, want C) bool {
	h, w := s.text(have), s.text(want)
	switch {
	case h == w, s.when == given && w == "":
		return false
	case s.enough != nil:
		return !s.enough(have, want)
	}
	return true
}

// exactly are the settings, of which the named ones must be as they are wanted,
// and no more.
func exactly[C any](all []setting[C], names []string) []setting[C] {
	strict := slices.Clone(all)
	for i := range strict {
		if slices.Contains(names, strict[i].name) {
			strict[i].enough = nil
		}
	}
	return strict
}

// mend returns have with what it lacks, and the settings that it changes.
func mend[C any](all []setting[C], have, want C) (C, []Setting) {
	mended := have
	var changed []Setting
	for _, s := range all {
		if s.wrong(have, want) {
			s.copy(&mended, want)
			changed = append(changed, Setting{Name: s.name, Have: shown(s.text(have)), Want: shown(s.text(mended))})
		}
	}
	return mended, changed
}

// atLeast compares limits of which no limit, 0 or less, is the largest.
func atLeast[N int | int32 | int64 | time.Duration](have, want N) bool {
	return have <= 0 || want > 0 && have >= want
}

func shown(text string) string {
	if text == "" {
		return "unset"
	}
	return text
}

// number is a limit: the server has -1, or nothing, for none.
func number(n int64) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func period(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func on(b bool) string {
	if !b {
		return ""
	}
	return "true"
}
