package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/widgets/template"
)

const (
	carVIN  = "IRJC95R23KJ039206"
	carHash = "e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf"
)

// carReport is an inspection with a VIN in another form of its digits.
func carReport(more map[string]any) map[string]any {
	in := map[string]any{
		"title": "کارشناسی پژو ۲۰۶", "verdict": "approved", "overall": map[string]any{"score": 86},
		"sections": []any{map[string]any{"title": "وضعیت کلی بدنه و رنگ خودرو پس از بازدید", "score": 92}},
		"vehicle":  map[string]any{"vin": "irjc95r۲۳kj۰۳۹۲۰۶", "color": "سفید", "year": 1398},
	}
	for k, v := range more {
		in[k] = v
	}
	return in
}

// checkTemplate turns a format of a producer's own into a report.
func checkTemplate(t *testing.T) *template.Set {
	t.Helper()
	set, err := template.Load(fstest.MapFS{"com.example.check.v1.jq": {Data: []byte(
		`if .data.car == null then error("no car with frame \(.data.frame)") else . end
		| {inspection: {title: .data.car, overall: {score: .data.points}, verdict: "approved", vehicle: {vin: .data.frame}}}`)}})
	must(t, err)
	return set
}

// From the report to what the simulated Kenar shows: widgets that it finds
// valid, a badge, an identifier that is nowhere to be read, and warnings.
func TestReports(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	log := new(lockedBuffer)
	l.worker(func(s *settings) {
		s.cfg.Builder.Templates = checkTemplate(t)
		s.cfg.Log = zerolog.New(log)
	})
	l.publish(
		event("inspection", TypeInspection, "post/P1", map[string]any{"inspection": carReport(nil)}),
		event("valuation", TypeValuation, "post/P2", map[string]any{"valuation": map[string]any{
			"currency": "IRT", "low": 380_000_000, "fair": 400_000_000, "high": 420_000_000, "asking": 410_000_000}}),
		event("own", "com.example.check.v1", "post/P3", map[string]any{"car": "تیبا ۲", "points": 71, "frame": carVIN}),
		event("own-invalid", "com.example.check.v1", "post/P5", map[string]any{"car": "تیبا ۲", "points": 710, "frame": carVIN}),
		event("own-expired", "com.example.check.v1", "post/P6", map[string]any{"car": "تیبا ۲", "points": 71, "frame": carVIN}, map[string]any{"expiresat": "2020-01-01T00:00:00Z"}),
		event("own-broken", "com.example.check.v1", "post/P7", map[string]any{"points": 71, "frame": carVIN}),
		event("leak", TypeInspection, "post/P4", map[string]any{"inspection": carReport(map[string]any{"summary": "شاسی " + carVIN + " سالم"})}),
	)
	for _, id := range []string{"inspection", "valuation", "own"} {
		if got := l.final(id); got.Result != ResultAccepted {
			t.Fatalf("%s ended %+v", id, got)
		}
	}
	for _, id := range []string{"inspection", "own"} {
		var body struct {
			Semantic map[string]string `json:"semantic"`
		}
		target := map[string]string{"inspection": "post/P1", "own": "post/P3"}[id]
		must(t, json.Unmarshal(l.kenar.CallsFor(target)[0].Body, &body))
		if body.Semantic["VIN"] != carHash || body.Semantic["inspection_result"] != "INSPECTION_APPROVED" {
			t.Errorf("%s: semantic %v", id, body.Semantic)
		}
	}
	if got := string(l.kenar.CallsFor("post/P2")[0].Body); !strings.Contains(got, "۴۱۰ میلیون تومان") {
		t.Errorf("the price is not to be read in %s", got)
	}
	warned := l.queuedAt("inspection").Warnings
	if len(warned) != 1 || warned[0].Path != "inspection.sections[0].title" || !strings.Contains(warned[0].Message, "shortened to 25") {
		t.Errorf("warnings %q", warned)
	}
	if got := l.final("leak"); got.Result != ResultDead || got.Reason.Code != InvalidEvent || got.Reason.Field != "inspection.summary" {
		t.Errorf("a report that shows its VIN ended %+v", got)
	}
	for _, id := range []string{"own-invalid", "own-expired", "own-broken"} {
		if got := l.final(id); got.Result != ResultDead {
			t.Errorf("%s ended %+v", id, got)
		}
	}
	l.drained()
	if got := string(l.dead()["own-expired"].Event); !strings.Contains(got, carHash) {
		t.Errorf("the expired event is kept as %s, which cannot be replayed", got)
	}
	var kept Blob
	if must(t, json.Unmarshal(l.dead()["own-broken"].Event, &kept)); kept.Size == 0 || kept.Base64 != "" || !kept.Truncated {
		t.Errorf("what a template could not read is kept as %+v", kept)
	}
	l.nowhere(log.String(), carVIN, "irjc95r۲۳kj۰۳۹۲۰۶")
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// nowhere fails if a text is in a log, or in a stream that outlives its
// message. The inbox holds what a producer sent until it is admitted.
func (l *lab) nowhere(log string, secrets ...string) {
	l.t.Helper()
	places := map[string]string{"the log": log}
	for _, name := range []string{LedgerStream, OutcomeStream, DeadStream} {
		must(l.t, browse(l.t.Context(), l.stream(name), jetstream.OrderedConsumerConfig{}, func(m jetstream.Msg) error {
			places[m.Subject()] += string(m.Data())
			return nil
		}))
	}
	if len(places) < 3 {
		l.t.Errorf("looked only at %d places", len(places))
	}
	for place, text := range places {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				l.t.Errorf("%s holds %s", place, s)
			}
		}
	}
}

// What a dead letter keeps of an event can be replayed: its identifiers are
// hashed under whatever name the producer has for them, and a hash is as good.
func TestReportsReplay(t *testing.T) {
	b := Builder{Templates: checkTemplate(t)}
	for typ, data := range map[string]string{
		TypeInspection:         `{"inspection":{"verdict":"approved","property":{"old_real_estate_id":{"document_number":"۹۸۷۶۵۴","page_number":"12"}}}}`,
		"com.example.check.v1": `{"car":"تیبا","points":50,"frame":"` + carVIN + `"}`,
		TypeAttach:             `{"widgets":` + titleV2 + `,"semantic":{"VIN":"` + carVIN + `"}}`,
	} {
		w, _, err := buildRaw(b, typ, "post/P1", data)
		must(t, err)
		if s := string(w.Event); strings.Contains(s, carVIN) || strings.Contains(s, "۹۸۷۶۵۴") {
			t.Errorf("%s is kept as %s", typ, s)
		}
		e, err := DecodeEvent(w.Event)
		must(t, err)
		again, _, err := b.Build(e, w.Event)
		if err != nil {
			t.Errorf("replay of %s: %v", typ, err)
		} else if again.Hash != w.Hash {
			t.Errorf("replay of %s sends %s, was %s", typ, again.Body, w.Body)
		}
	}
}

// A report that is refused may have its VIN anywhere.
func TestRefusedReportsHideVINs(t *testing.T) {
	for _, vehicle := range []string{`"` + carVIN + `"`, `{"vin ":"` + carVIN + `"}`, `{"shasi":"` + strings.ToLower(carVIN) + `","color":"آبی"}`} {
		raw := envelope("type", `"`+TypeInspection+`"`, "data", `{"inspection":{"vehicle":`+vehicle+`}}`)
		e, err := DecodeEvent(raw)
		must(t, err)
		_, _, err = Builder{}.Build(e, raw)
		kept := string(Builder{}.keep(e, raw, asReason("", err)))
		if strings.Contains(strings.ToUpper(kept), carVIN) || !json.Valid([]byte(kept)) || !strings.Contains(kept, "vehicle") {
			t.Errorf("%s is kept as %s", vehicle, kept)
		}
		if strings.Contains(strings.ToUpper(err.Error()), carVIN) {
			t.Errorf("%s: %v", vehicle, err)
		}
	}
}

// An identifier must not be shown, neither by its value nor, in a replay, by
// what took its place.
func TestBuildRefusesShownIdentifiers(t *testing.T) {
	tests := map[string]struct{ data, field string }{
		"in a text":  {`{"widgets":[{"title_row":{"text":"شاسی irjc95r۲۳kj۰۳۹۲۰۶"}}],"semantic":{"VIN":"` + carVIN + `"}}`, "widgets[0].title_row.text"},
		"in a link":  {`{"widgets":[{"button_bar":{"title":"گزارش","action":{"open_direct_link":"https://x.ir/` + carVIN + `"}}}],"semantic":{"VIN":"` + carVIN + `"}}`, "widgets[0].button_bar.action.open_direct_link"},
		"in notes":   {`{"widgets":` + titleV2 + `,"notes":"` + carVIN + `","semantic":{"VIN":"` + carVIN + `"}}`, "notes"},
		"as a hash":  {`{"widgets":[{"title_row":{"text":"۱"}},{"description_row":{"text":"` + carHash + `"}}],"semantic":{"VIN":"` + carHash + `"}}`, "widgets[1].description_row.text"},
		"other key":  {`{"widgets":` + titleV2 + `,"semantic":{"VIN":"` + carVIN + `","body_no":"` + carVIN + `"}}`, "semantic.body_no"},
		"was hidden": {`{"widgets":[{"title_row":{"text":"شاسی •••removed•••"}}]}`, "widgets"},
	}
	for name, tt := range tests {
		_, _, err := buildRaw(Builder{}, TypeAttach, "post/P1", tt.data)
		r := asReason("", err)
		if r.Code != InvalidWidgets || r.Field != tt.field || strings.Contains(r.Error(), carVIN) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every report that the package report turns into an add-on, the simulated
// Kenar finds valid, which has rules of its own.
func TestReportsAreValid(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	n := 0
	for kind, typ := range map[string]string{"inspection": TypeInspection, "valuation": TypeValuation} {
		files, err := filepath.Glob("../widgets/report/testdata/" + kind + "s/*.json")
		must(t, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			must(t, err)
			id := kind + "-" + strings.TrimSuffix(filepath.Base(file), ".json")
			l.publish(event(id, typ, "post/P"+id[len(id)-3:]+id[:3], map[string]any{kind: withoutImages(t, raw)}))
			if got := l.final(id); got.Result != ResultAccepted {
				t.Errorf("%s ended %+v", id, got)
			}
			n++
		}
	}
	if n < 10 {
		t.Errorf("only %d reports", n)
	}
}

// withoutImages leaves out pictures, which are on no server here.
func withoutImages(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	must(t, json.Unmarshal(raw, &doc))
	delete(doc, "images")
	return doc
}

// What fails while a template runs is told with its place, and the templates
// of a worker are the types that it takes.
func TestTemplateFails(t *testing.T) {
	b := Builder{Templates: checkTemplate(t)}
	_, _, err := buildRaw(b, "com.example.check.v1", "post/P1", `{"car":7}`)
	if r := asReason("", err); r.Code != InvalidEvent || r.Field != "inspection.title" {
		t.Errorf("a title that is a number: %v", err)
	}
	_, _, err = buildRaw(b, "com.example.other.v1", "post/P1", `{}`)
	if r := asReason("", err); r.Code != UnknownType {
		t.Errorf("another type: %v", err)
	}
	if !slices.Equal(b.Templates.Types(), []string{"com.example.check.v1"}) {
		t.Errorf("types %q", b.Templates.Types())
	}
}
