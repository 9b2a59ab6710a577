package kenartest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Call is one arrival at the server, complete from the moment it is on
// record. Its maps and slices are shared and must not be changed.
type Call struct {
	Seq        int       // 1 for the first arrival
	At         time.Time // when it had been read and was judged, by Config.Now
	Method     string
	Path       string // without the query
	Op         Op     // empty: no operation of Kenar
	Permission string // of the API key, that the operation needs
	// Target is what the path names: post/<token>, business/<token>,
	// user/<id>, addon/<id> for the deletion of a user add-on, category/<slug>
	// or transaction/<id>.
	Target string
	Key    string // the name of the API key; empty: none that is known; of an upload, "unknown" for such a one
	Grant  string // the name of the access token's grant, "unknown" for one that is not known
	Header http.Header
	Body   []byte // of the token endpoint: the form, with a dash for each secret
	// Widgets are the body's, as far as they could be made out. There are
	// none with Config.NoValidation.
	Widgets []Widget

	Verdict Verdict
	Status  int    // of the answer; 0: there was none to give
	Message string // of an error answer of the service
	// Applied says that the service carried the call out. It stays true when
	// a fault lost the answer; it does not say that anything was attached.
	Applied bool
	// Lost says that a fault kept the service's answer, or half of it, from
	// the client.
	Lost bool
}

// recordedHeaders are kept in a Call. Neither the API key nor the access
// token may ever be among them.
var recordedHeaders = []string{
	"Accept", "Content-Type", "Traceparent", "Tracestate", "User-Agent", "X-Request-Id"}

func recorded(h http.Header) http.Header {
	kept := make(http.Header)
	for _, name := range recordedHeaders {
		if values := h[name]; len(values) > 0 {
			kept[name] = slices.Clone(values)
		}
	}
	return kept
}

// String tells about the call in one line, for people:
//
//	POST post/gZd7omnS title_row, 2 score_row -> 200 accepted
func (c Call) String() string {
	var b strings.Builder
	b.WriteString(c.Method + " ")
	if c.Target != "" {
		b.WriteString(c.Target)
	} else {
		b.WriteString(c.Path)
	}
	if len(c.Widgets) > 0 {
		b.WriteString(" " + widgetTypes(c.Widgets))
	}
	b.WriteString(" -> ")
	if c.Status == 0 {
		b.WriteString("no answer")
	} else {
		b.WriteString(strconv.Itoa(c.Status))
	}
	b.WriteString(" " + string(c.Verdict))
	if c.Message != "" {
		b.WriteString(": " + c.Message)
	}
	if c.Lost {
		b.WriteString(" (answer lost)")
	}
	return b.String()
}

// widgetTypes lists the types of widgets, runs of the same one counted.
func widgetTypes(widgets []Widget) string {
	var parts []string
	for i := 0; i < len(widgets); {
		run := i + 1
		for run < len(widgets) && widgets[run].Type == widgets[i].Type {
			run++
		}
		part := widgets[i].Type
		if run-i > 1 {
			part = fmt.Sprintf("%d %s", run-i, part)
		}
		parts = append(parts, part)
		i = run
	}
	return strings.Join(parts, ", ")
}
