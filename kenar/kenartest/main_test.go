package kenartest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// Paths of the operations, to be completed by an id.
const (
	postV2     = "/v2/open-platform/addons/post/"
	postV1     = "/v1/open-platform/add-ons/post/"
	postV1SDK  = "/v1/open-platform/addons/post/"
	businessV1 = "/v1/open-platform/addons/business/"
	businessV2 = "/v2/open-platform/addons/business/"
	userV2     = "/v2/open-platform/addons/users/"
	userV1     = "/v1/open-platform/addons/user/"
	finder     = "/v1/open-platform/finder/post/"
)

// Bodies that are valid.
const (
	title   = `{"widgets":[{"title_row":{"text":"Inspected"}}]}`
	titleV1 = `{"widgets":{"widget_list":[{"widget_type":"TITLE_ROW","data":{"@type":"type.googleapis.com/widgets.TitleRowData","text":"Inspected"}}]}}`
)

// titled is a valid body that can be told from others.
func titled(text string) string {
	return fmt.Sprintf(`{"widgets":[{"title_row":{"text":%q}}]}`, text)
}

// A header is set on a request by do; an empty value removes it.
type header struct{ name, value string }

func apiKey(v string) header { return header{"X-API-Key", v} }
func bearer(v string) header { return header{"Authorization", "Bearer " + v} }

// do makes a call in memory, with the API key "k" unless told otherwise.
func do(t *testing.T, s http.Handler, method, path, body string, headers ...header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-API-Key", "k")
	for _, h := range headers {
		r.Header.Del(h.name)
		if h.value != "" {
			r.Header.Set(h.name, h.value)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// status is what error answers look like.
type status struct {
	Code    int
	Message string
	Details []json.RawMessage
}

// wantError checks an error answer: HTTP status, code, and a part of the
// message.
func wantError(t *testing.T, w *httptest.ResponseRecorder, httpStatus, code int, message string) {
	t.Helper()
	var got status
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("answer %d %q is not JSON: %v", w.Code, w.Body, err)
	}
	if w.Code != httpStatus || got.Code != code || !strings.Contains(got.Message, message) || got.Details == nil {
		t.Errorf("got %d %s\nwant %d, code %d, a message with %q, and details", w.Code, w.Body, httpStatus, code, message)
	}
}

func wantOK(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Errorf("got %d %s, want 200", w.Code, w.Body)
	}
}

// createdID is the id in the answer to the creation of an add-on.
func createdID(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	wantOK(t, w)
	var created struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &created); err != nil || created.ID == "" {
		t.Fatalf("answer %s has no id (%v)", w.Body, err)
	}
	return created.ID
}

// start starts a server that is closed with the test.
func start(t *testing.T, cfg kenartest.Config) *kenartest.Server {
	t.Helper()
	s, err := kenartest.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// clock is a clock that stands still until told to move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 21, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
