package kenartest_test

import (
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
					r := httptest.NewRequest("POST", postV2+"p", strings.NewReader(body))
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
