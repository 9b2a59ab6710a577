package pipeline

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// mostSeries bounds what one worker tells: Prometheus keeps all of it for each
// of them.
const mostSeries = 1500

// Every counter that can be foreseen is there at 0 before anything happens, so
// that increase() sees the first event.
func TestCountersBeginAtZero(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	_, err := newMetrics(reg)
	must(t, err)
	families, err := reg.Gather()
	must(t, err)
	series := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			series++
			if h := m.GetHistogram(); h != nil {
				series += len(h.GetBucket()) + 2 // the last bucket, the sum and the count, of which one was counted
			}
			if v := m.GetCounter().GetValue(); v != 0 {
				t.Errorf("%s%v begins at %v", f.GetName(), m.GetLabel(), v)
			}
		}
	}
	if most := mostSeries - 300; series > most { // the gauges, and what the runtime tells
		t.Errorf("%d series from the start, want at most %d", series, most)
	}
	all := scrape(t, reg, "events_admitted_total", "events_finished_total", "deliveries_handled_total", "calls_total", "calls_wasted_total",
		"calls_saved_total", "retries_total", "pauses_total", "dead_letters_total", "deliveries_redelivered_total", "spent_rials_total", "grant_refreshes_total")
	want := []string{
		`calls_saved_total{lane="",why="rejected"}`,
		`events_admitted_total{lane="",reason="",result="duplicate"}`,
		`events_admitted_total{lane="",reason="invalid_widgets",result="validated"}`,
		`pauses_total{permission="app",reason="rate_limited"}`,
		`pauses_total{permission="GET_POST",reason="auth"}`,
		`pauses_total{permission="POST_RENEW",reason="capped"}`,
		`spent_rials_total{kind="renew"}`,
		`grant_refreshes_total{result="refused"}`,
	}
	for _, code := range ReasonCodes() {
		want = append(want, `dead_letters_total{reason="`+string(code)+`"}`, `events_admitted_total{lane="",reason="`+string(code)+`",result="dead"}`)
	}
	for _, l := range Lanes() {
		lane := `lane="` + string(l) + `"`
		want = append(want,
			`events_admitted_total{`+lane+`,reason="",result="queued"}`,
			`events_admitted_total{`+lane+`,reason="validate_only",result="validated"}`,
			`events_finished_total{`+lane+`,reason="",result="accepted"}`,
			`events_finished_total{`+lane+`,reason="ambiguous",result="dead"}`,
			`calls_total{`+lane+`,status="0"}`, `calls_total{`+lane+`,status="429"}`,
			`calls_wasted_total{`+lane+`,why="duplicate"}`, `calls_saved_total{`+lane+`,why="unchanged"}`,
			`retries_total{`+lane+`}`, `deliveries_redelivered_total{`+lane+`}`,
			`pauses_total{permission="`+string(l)+`",reason="forbidden"}`)
		for _, class := range constants(t, "class.go", "Class") {
			want = append(want, `deliveries_handled_total{class="`+class+`",`+lane+`}`)
		}
	}
	for _, name := range want {
		if _, ok := all[name]; !ok {
			t.Errorf("%s is not there", name)
		}
	}
}

// constants are the values of the string constants of a type in a file.
func constants(t *testing.T, file, typ string) (all []string) {
	t.Helper()
	f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
	must(t, err)
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					s, err := strconv.Unquote(lit.Value)
					must(t, err)
					all = append(all, s)
				}
			}
		}
		return true
	})
	if len(all) == 0 {
		t.Fatalf("%s has no constants of type %s", file, typ)
	}
	return all
}
