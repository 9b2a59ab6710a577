package kenartest_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// BenchmarkServeHTTP is the cost of a call without the network: with
// everything on, and as cheap as it gets.
func BenchmarkServeHTTP(b *testing.B) {
	body := `{"widgets":[{"title_row":{"text":"کارشناسی"}},` +
		strings.TrimSuffix(strings.Repeat(`{"score_row":{"title":"موتور","percentage_score":80,"score_color":"SUCCESS_PRIMARY","icon_name":"ADD"}},`, 5), ",") + `]}`
	for _, bm := range []struct {
		name string
		cfg  kenartest.Config
	}{
		{"full", kenartest.Config{}},
		{"bare", kenartest.Config{NoRecord: true, NoValidation: true}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			s := kenartest.New(bm.cfg)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest(http.MethodPost, postV2+"p", strings.NewReader(body))
					r.Header.Set("X-API-Key", "k")
					w := httptest.NewRecorder()
					if s.ServeHTTP(w, r); w.Code != 200 {
						b.Errorf("got %d %s", w.Code, w.Body)
					}
				}
			})
		})
	}
}

// BenchmarkNetwork is a call over loopback, the client's share included.
func BenchmarkNetwork(b *testing.B) {
	s, err := kenartest.Start(kenartest.Config{NoRecord: true, NoValidation: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL()+postV2+"p", strings.NewReader(title))
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("X-API-Key", "k")
			resp, err := transport.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			// Read to the end, or the connection is not used again.
			_, err = io.Copy(io.Discard, resp.Body)
			if err = errors.Join(err, resp.Body.Close()); err != nil {
				b.Error(err)
			}
		}
	})
}
