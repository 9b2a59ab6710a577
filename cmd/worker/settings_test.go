package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/config"
)

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		limits string
		want   []string // beginnings
	}{
		{"ADD_ON_CREATE=100/168h; GET_POST=10000/168h; app=60/1m", nil},
		{"ADDON_CREATE=100/168h", []string{"LIMITS has an entry for ADDON_CREATE,", "LIMITS has no entry for ADD_ON_CREATE,"}},
		{"ADD_ON_CREATE=100/168h; SEARCH_POST=1/1h; B=1/1h", []string{"LIMITS has an entry for B,", "LIMITS has an entry for SEARCH_POST,"}},
	} {
		cfg, err := config.Load(nil, []string{"KENAR_API_KEY=k", "LIMITS=" + c.limits}, config.Worker, checks())
		if err != nil {
			t.Fatal(err)
		}
		got := warnings(cfg)
		if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s: warnings %q, want %q", c.limits, got, c.want)
		}
	}
}

func TestLimitsAreChecked(t *testing.T) {
	_, err := config.Load(nil, []string{"KENAR_API_KEY=k", "LIMITS=A=1; B=2/1h,x"}, config.Worker, checks())
	if err == nil || strings.Count(err.Error(), "\n") != 0 {
		t.Fatalf("not one line: %v", err)
	}
	for _, want := range []string{`LIMITS "A=1; B=2/1h,x" (env LIMITS): `, `A: window "1"`, `B: window "x"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in %v", want, err)
		}
	}
}
