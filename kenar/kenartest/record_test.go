package kenartest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func TestCalls(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, Keys: []kenartest.Key{{Value: "k", Name: "main"}}})
	body := `{"widgets":[{"scoreRow": {"percentage_score": 80},"semantic_paths":{"a":"percentage_score"}}]}`
	do(t, s, "POST", postV2+"p", body, header{"Content-Type", "application/json"}, header{"Traceparent", "00-1-2-01"})
	clock.Advance(time.Second)
	do(t, s, "DELETE", userV1+"812d56e6?force=1", "")

	want := []kenartest.Call{
		{
			Seq: 1, At: clock.Now().Add(-time.Second), Method: "POST", Path: postV2 + "p",
			Op: kenartest.CreatePostAddon, Permission: "ADD_ON_CREATE", Target: "post/p", Key: "main",
			Header: http.Header{"Content-Type": {"application/json"}, "Traceparent": {"00-1-2-01"}},
			Body:   []byte(body),
			Widgets: []kenartest.Widget{{
				Type: "score_row", Data: []byte(`{"percentage_score": 80}`),
				SemanticPaths: map[string]string{"a": "percentage_score"},
			}},
			Verdict: kenartest.Accepted, Status: 200, Applied: true,
		},
		{
			Seq: 2, At: clock.Now(), Method: "DELETE", Path: userV1 + "812d56e6",
			Op: kenartest.DeleteUserAddon, Permission: "USER_ADDON_DELETE", Target: "addon/812d56e6", Key: "main",
			Header: http.Header{}, Body: []byte{},
			Verdict: kenartest.Accepted, Status: 200, Applied: true,
		},
	}
	if d := cmp.Diff(want, s.Calls()); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want[:1], s.CallsFor("post/p")); d != "" {
		t.Errorf("calls for the post (-want +got):\n%s", d)
	}
	if got := s.CallsFor("post/q"); got != nil {
		t.Errorf("calls for another post: %+v", got)
	}
}

// What is wrong with a body does not keep its widgets from the record.
func TestWidgetsOfRefusedBodies(t *testing.T) {
	tests := []struct {
		path, body string
		want       []string
	}{
		{postV2, `{"widgets":[{"title_row":{"text":7}},{"magic_row":{}},{}]}`, []string{"title_row", "magic_row"}},
		{postV1, `{"widgets":{"widget_list":[{"widget_type":"MAGIC_ROW"}]}}`, []string{"MAGIC_ROW"}},
		{postV2, `{"widgets":"none"}`, nil},
		{postV2, `not JSON`, nil},
		{"/nowhere/", title, nil},
	}
	s := kenartest.New(kenartest.Config{})
	for i, tt := range tests {
		do(t, s, "POST", tt.path+"p", tt.body)
		c := s.Calls()[i]
		var got []string
		for _, w := range c.Widgets {
			got = append(got, w.Type)
		}
		if d := cmp.Diff(tt.want, got); d != "" || string(c.Body) != tt.body || c.Applied {
			t.Errorf("%s: recorded %+v (-want +got):\n%s", tt.body, c, d)
		}
	}
}

func TestWaitCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kenartest.New(kenartest.Config{})
		if calls, err := s.WaitCalls(t.Context(), 0); err != nil || len(calls) != 0 {
			t.Errorf("waiting for nothing: %v, %v", calls, err)
		}

		var returned sync.WaitGroup
		for _, n := range []int{1, 2, 2} {
			returned.Go(func() {
				if calls, err := s.WaitCalls(t.Context(), n); err != nil || len(calls) < n {
					t.Errorf("waiting for %d: %d calls, %v", n, len(calls), err)
				}
			})
		}
		synctest.Wait() // all of them wait
		do(t, s, "POST", postV2+"a", title)
		do(t, s, "POST", postV2+"b", title)
		returned.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		calls, err := s.WaitCalls(ctx, 3)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "waiting for 3 calls, 2 arrived") || len(calls) != 2 {
			t.Errorf("waiting for a third: %d calls, %v", len(calls), err)
		}
	})
}

func TestNoRecord(t *testing.T) {
	s := kenartest.New(kenartest.Config{NoRecord: true})
	for range 3 {
		wantOK(t, do(t, s, "POST", postV2+"p", title))
	}
	if calls, err := s.WaitCalls(t.Context(), 3); err != nil || calls != nil {
		t.Errorf("WaitCalls: %v, %v", calls, err)
	}
	if s.Calls() != nil || s.CallsFor("post/p") != nil {
		t.Error("there are calls on record")
	}
	if n, most := s.Count(), s.Max("ADD_ON_CREATE", time.Hour); n != 3 || most != 3 {
		t.Errorf("Count %d, Max %d, want 3 and 3", n, most)
	}
}

func TestMax(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now})
	at := func(after time.Duration, method, path string) {
		clock.Advance(after)
		do(t, s, method, path, title)
	}
	at(0, "POST", postV2+"a")                      // 0:00
	at(0, "GET", finder+"a")                       // 0:00
	at(time.Minute, "POST", postV1+"b")            // 0:01
	at(59*time.Minute, "POST", postV2+"c")         // 1:00, an hour after the first
	at(time.Minute-1, "POST", postV2+"d")          // just before 1:01
	at(10*time.Hour, "DELETE", postV1+"d")         // much later
	at(0, "POST", "/v1/open-platform/unheard/of/") // no permission at all

	tests := []struct {
		permission string
		window     time.Duration
		want       int
	}{
		{"ADD_ON_CREATE", time.Nanosecond, 1},
		{"ADD_ON_CREATE", time.Hour, 3}, // 0:01, 1:00 and just before 1:01
		{"ADD_ON_CREATE", time.Hour + 1, 3},
		{"ADD_ON_CREATE", time.Hour + time.Minute, 4},
		{"GET_POST", week, 1},
		{"ADD_ON_DELETE", week, 1},
		{"USER_ADDON_CREATE", week, 0},
		{kenartest.AppWide, time.Minute, 2},
		{"", week, 7},
	}
	for _, tt := range tests {
		if got := s.Max(tt.permission, tt.window); got != tt.want {
			t.Errorf("Max(%q, %v) is %d, want %d", tt.permission, tt.window, got, tt.want)
		}
	}
}

// Max agrees with looking at the window that starts at each arrival, and does
// not mind a clock that steps back.
func TestMaxIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		clock := newClock()
		s := kenartest.New(kenartest.Config{Now: clock.Now, NoValidation: true})
		var times []time.Time
		for range rng.IntN(60) {
			clock.Advance(time.Duration(rng.IntN(90)-20) * time.Second)
			times = append(times, clock.Now())
			do(t, s, "POST", postV2+"p", "")
		}
		window := time.Duration(1+rng.IntN(300)) * time.Second
		want := 0
		for _, start := range times {
			n := 0
			for _, at := range times {
				if d := at.Sub(start); 0 <= d && d < window {
					n++
				}
			}
			want = max(want, n)
		}
		if got := s.Max("ADD_ON_CREATE", window); got != want {
			t.Fatalf("Max in %v is %d, want %d: %v", window, got, want, times)
		}
	}
}

// Many clients at once: no call is forgotten or numbered twice, and the
// observer sees every one of them, one at a time.
func TestConcurrentCalls(t *testing.T) {
	const clients, each = 8, 25
	var seen []int // guarded by the server, which observes one at a time
	s := start(t, kenartest.Config{
		Limits:  []kenartest.Limit{{Permission: "ADD_ON_CREATE", Calls: 100, Window: time.Hour}},
		Observe: func(c kenartest.Call) { seen = append(seen, c.Seq) },
	})
	s.AddPost(kenartest.SamplePosts()...)
	var running sync.WaitGroup
	for client := range clients {
		running.Go(func() {
			for i := range each {
				post(t.Context(), s, fmt.Sprint("p", client, "-", i))
				s.Attached("post/p")
				s.Max("", time.Second)
			}
		})
	}
	calls, err := s.WaitCalls(t.Context(), clients*each)
	running.Wait()
	s.Close()
	if err != nil || len(calls) != clients*each || len(seen) != clients*each {
		t.Fatalf("%d calls, %d observed, %v; want %d", len(calls), len(seen), err, clients*each)
	}
	accepted := 0
	observed := make(map[int]bool)
	for i, c := range calls {
		observed[seen[i]] = true
		if c.Seq != i+1 || i > 0 && c.At.Before(calls[i-1].At) {
			t.Errorf("call %d has the number %d and came at %v", i+1, c.Seq, c.At)
		}
		if c.Verdict == kenartest.Accepted {
			accepted++
		}
	}
	if accepted != 100 || len(observed) != clients*each {
		t.Errorf("%d accepted, %d different ones observed; want 100 and %d", accepted, len(observed), clients*each)
	}
}

// The stream of what arrived, as the demo prints it.
func TestStream(t *testing.T) {
	var out bytes.Buffer
	s := kenartest.New(kenartest.Config{
		Limits: []kenartest.Limit{{Permission: "USER_ADDON_CREATE", Calls: 1, Window: 24 * time.Hour}},
		Observe: func(c kenartest.Call) {
			fmt.Fprintln(&out, c)
			for _, w := range c.Widgets {
				fmt.Fprintln(&out, "   ", w)
			}
		},
	})
	s.AddPost(kenartest.SamplePosts()...)
	do(t, s, "POST", postV2+"gZ206tip", `{"widgets":[
		{"title_row":{"text":"کارشناسی خودرو","has_divider":true}},
		{"score_row":{"title":"موتور","percentage_score":0}},
		{"score_row":{"title":"بدنه","descriptive_score":"سالم"}},
		{"group_info_row":{"items":[{"title":"کارکرد","value":"۱۲۰٬۰۰۰"},{"title":"سال","value":"۱۳۹۸"}]}},
		{"evaluation_row":{"left":{"text":"ارزان"},"middle":{"text":"منصفانه"},"right":{"text":"گران"},"indicator_text":"قیمت","indicator_percentage":55}},
		{"image_carousel_row":{"items":[{"image_id":"a.jpg","description":"جلو"},{"image_id":"b.jpg"}]}},
		{"button_bar":{"title":"گزارش کامل","action":{"open_direct_link":"https://example.ir/r/1"}}}]}`)
	do(t, s, "POST", postV1+"gZpride1", v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"button":{"title":"گزارش","action":`+linkV1+`}`))
	do(t, s, "POST", postV2+"gZpride1", v2("title_row", `7`))
	do(t, s, "POST", userV2+"user-sara", title)
	do(t, s, "POST", userV2+"user-sara", title)
	do(t, s, "GET", finder+"gZ206tip", "")
	do(t, s, "GET", "/v1/open-platform/finder/", "")
	s.Script(kenartest.Fault{Status: 502, Body: "<html>"})
	do(t, s, "DELETE", postV1+"gZ206tip", "")
	golden.File(t, "testdata/stream.golden", out.Bytes())
}

func TestCallString(t *testing.T) {
	tests := []struct {
		call kenartest.Call
		want string
	}{
		{kenartest.Call{Method: "POST", Target: "post/p", Verdict: kenartest.Accepted, Status: 200, Lost: true},
			"POST post/p -> 200 accepted (answer lost)"},
		{kenartest.Call{Method: "POST", Target: "post/p", Verdict: kenartest.Aborted},
			"POST post/p -> no answer aborted"},
	}
	for _, tt := range tests {
		if got := tt.call.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if got := (kenartest.Widget{Type: "title_row"}).String(); got != "title_row" {
		t.Errorf("a widget without data is %q", got)
	}
}
