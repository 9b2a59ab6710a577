package provision

import (
	"fmt"
	"time"
)

// A setting of a configuration C is compared by its text.
type setting[C any] struct {
	name string
	when when
	text func(C) string
	copy func(to *C, from C)
}

// when says whether a configuration tells how it wants a setting to be.
type when int

const (
	always when = iota // its zero value is meant too
	given              // without a text it leaves it as it is
)

// differences are the settings of have that are not as want has them.
func differences[C any](all []setting[C], have, want C) []Setting {
	var differ []Setting
	for _, s := range all {
		h, w := s.text(have), s.text(want)
		if h != w && (s.when == always || w != "") {
			differ = append(differ, Setting{Name: s.name, Have: shown(h), Want: shown(w)})
		}
	}
	return differ
}

// merge is have with the settings that want tells.
func merge[C any](all []setting[C], have, want C) C {
	for _, s := range all {
		if s.when == always || s.text(want) != "" {
			s.copy(&have, want)
		}
	}
	return have
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
