package kenartest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// The list is newest first, is the app's own, and does not shift when
// something is paid between two pages. It ends with an empty page.
func TestListTransactions(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{Keys: []kenartest.Key{{Value: "k", App: "a"}, {Value: "other", App: "b"}}})
	s.SetBalance("a", 100_000_000)
	s.SetBalance("b", 100_000_000)
	var want []string
	publish := func(key string) string {
		id := uuid.NewString()
		clock.Advance(time.Second)
		w := do(t, s, "POST", fmt.Sprintf(publishPath, submitted(t, s)), payment(id), apiKey(key))
		wantOK(t, w)
		return id
	}
	for range 7 {
		want = append([]string{publish("k")}, want...)
		publish("other")
	}
	type page struct {
		Transactions []struct{ ID string }
		Next         string `json:"next_page_token"`
	}
	var got []string
	query := "?page_size=3"
	for pages := 0; ; pages++ {
		var p page
		decode(t, do(t, s, "GET", transactionsPath+query, ""), &p)
		for _, tr := range p.Transactions {
			got = append(got, tr.ID)
		}
		if len(p.Transactions) == 0 {
			if p.Next != "" || pages != 3 {
				t.Errorf("page %d is empty, with the next token %q", pages, p.Next)
			}
			break
		}
		query = "?page_size=3&page_token=" + p.Next
		publish("k") // seen from the front only
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	id := publish("other")
	wantError(t, do(t, s, "GET", fmt.Sprintf(transactionPath, id), ""), 404, 5, id)

	for _, wrong := range []string{"page_size=0", "page_size=101", "page_size=x", "page_token=x", "page_token=YmVmb3JlIHg"} {
		name, _, _ := strings.Cut(wrong, "=")
		wantError(t, do(t, s, "GET", transactionsPath+"?"+wrong, ""), 400, 3, name)
	}
	var whole page
	decode(t, do(t, s, "GET", transactionsPath+"?page_size=100", ""), &whole)
	if len(whole.Transactions) != 10 {
		t.Errorf("%d transactions, want 10", len(whole.Transactions))
	}
	var none map[string]json.RawMessage
	decode(t, do(t, kenartest.New(kenartest.Config{}), "GET", transactionsPath, ""), &none)
	if len(none) != 0 {
		t.Errorf("an empty list is %v, want {}", none)
	}
}
