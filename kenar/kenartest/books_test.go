package kenartest_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Whatever happens, every rial is somewhere: by the books, and by what the
// app itself can ask.
func TestBooksAddUp(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			s, clock := newMarket(t, kenartest.Config{Posts: kenartest.PostRules{
				ReviewDelay: time.Hour, Lifetime: 10 * day, RenewWindow: 8 * day, ReorderPause: 6 * time.Hour}})
			s.SetReview(func(l kenartest.Listing) string {
				if l.SubmittedAt.Unix()%3 == 0 {
					return "عکس نامناسب"
				}
				return ""
			})
			ids := []string{uuid.NewString()}
			tokens := []string{submitted(t, s)}
			put := int64(10_000_000) // what was deposited
			seen := make(map[string]bool)
			for range 400 {
				clock.Advance(time.Duration(r.Int64N(int64(4 * time.Hour))))
				token, id := tokens[max(0, len(tokens)-1-r.IntN(10))], ids[r.IntN(len(ids))]
				switch n := r.IntN(20); {
				case n < 2:
					tokens = append(tokens, submitted(t, s))
				case n < 5:
					s.ScriptPayments(randomOutcome(r))
				case n == 6:
					s.SetPrice("", "", kenartest.Price{Submit: r.Int64N(900_000), Reorder: r.Int64N(500_000), Renew: r.Int64N(500_000)})
				case n == 7:
					balance := r.Int64N(8_000_000)
					put += balance - s.Books("").Balance
					s.SetBalance("", balance)
				case n == 8:
					// Refused when the transaction is not there, or over.
					_ = s.ResolveTransaction(id, []kenartest.TransactionState{kenartest.TransactionCompleted,
						kenartest.TransactionFailed, kenartest.TransactionRefunded}[r.IntN(3)])
				case n == 9 && r.IntN(3) == 0:
					do(t, s, "DELETE", fmt.Sprintf(postPath, token), "")
				default:
					if r.IntN(4) > 0 {
						id = uuid.NewString()
						ids = append(ids, id)
					}
					path := []string{publishPath, publishPath, reorderPath, renewPath}[r.IntN(4)]
					if w := pay(t, s, path, token, id); w.Code == 200 {
						seen[path] = true
					} else if w.Code < 400 || w.Code >= 500 {
						t.Fatalf("%s: %d %s", path, w.Code, w.Body)
					}
				}
				if err := s.Books("").Check(); err != nil {
					t.Fatal(err)
				}
				if got := askedFor(t, s); got != put {
					t.Fatalf("balance and transactions come to %d rials, %d were put in", got, put)
				}
			}
			if len(seen) != 3 {
				t.Errorf("only %v was ever paid for: the run shows nothing", seen)
			}
			for _, tr := range s.Books("").Transactions {
				l, _ := s.Listing(tr.Post)
				paid := tr.Type == kenartest.TransactionSubmit && tr.State == kenartest.TransactionCompleted
				if paid && l.State == kenartest.PostWaitingForPayment {
					t.Errorf("post %s was paid by %s and waits for payment", tr.Post, tr.ID)
				}
			}
		})
	}
}

func randomOutcome(r *rand.Rand) kenartest.Outcome {
	switch r.IntN(5) {
	case 0:
		return kenartest.Outcome{State: kenartest.TransactionFailed}
	case 1:
		return kenartest.Outcome{State: kenartest.TransactionPending}
	default:
		then := []kenartest.TransactionState{"", kenartest.TransactionFailed, kenartest.TransactionRefunded}[r.IntN(3)]
		return kenartest.Outcome{State: kenartest.TransactionPending, Then: then, After: time.Duration(1 + r.Int64N(int64(day)))}
	}
}

// askedFor adds up by calls alone: the balance, and the transactions that are
// pending or completed.
func askedFor(t *testing.T, s *kenartest.Server) int64 {
	t.Helper()
	var balance struct {
		Rials int64 `json:"balance_rials,string"`
	}
	decode(t, do(t, s, "GET", balancePath, ""), &balance)
	sum, query := balance.Rials, ""
	for {
		var page struct {
			Transactions []struct {
				State kenartest.TransactionState
				Cost  int64 `json:"cost_rials,string"`
			}
			Next string `json:"next_page_token"`
		}
		decode(t, do(t, s, "GET", transactionsPath+"?page_size=100"+query, ""), &page)
		if len(page.Transactions) == 0 {
			return sum
		}
		for _, tr := range page.Transactions {
			if tr.State == kenartest.TransactionPending || tr.State == kenartest.TransactionCompleted {
				sum += tr.Cost
			}
		}
		query = "&page_token=" + page.Next
	}
}

// The books of two apps do not mix.
func TestBooksOfApps(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{Keys: []kenartest.Key{{Value: "k", App: "a"}, {Value: "other", App: "b"}}})
	s.SetBalance("a", 600_000)
	token := submitted(t, s)
	wantError(t, do(t, s, "POST", fmt.Sprintf(publishPath, token), payment(id1), apiKey("other")), 412, 9, "balance of 0 rials")
	wantOK(t, pay(t, s, publishPath, token, id1))
	if a, b := s.Books("a"), s.Books("b"); a.Balance != 100_000 || a.Completed != 500_000 || b.Balance != 0 || b.Transactions != nil {
		t.Errorf("books %+v and %+v", a, b)
	}
}

// Check finds what does not add up.
func TestBooksCheck(t *testing.T) {
	books := func() kenartest.Books {
		return kenartest.Books{
			App: "a", Deposited: 100, Balance: 60, Completed: 40,
			Transactions: []kenartest.Transaction{{ID: "t", State: kenartest.TransactionCompleted, CostRials: 40}},
			Entries:      []kenartest.Entry{{Rials: 100, Balance: 100}, {Transaction: "t", Rials: -40, Balance: 60}},
		}
	}
	if err := books().Check(); err != nil {
		t.Errorf("good books: %v", err)
	}
	for _, tt := range []struct {
		name   string
		tamper func(*kenartest.Books)
		why    string
	}{
		{"money from nowhere", func(b *kenartest.Books) { b.Balance++ }, "want the deposited 100"},
		{"entry with a wrong balance", func(b *kenartest.Books) { b.Entries[1].Balance = 70 }, "entry 1"},
		{"entries short of the balance", func(b *kenartest.Books) { b.Entries = b.Entries[:1] }, "the entries leave 100"},
		{"refund without money", func(b *kenartest.Books) {
			b.Transactions[0].State = kenartest.TransactionRefunded
		}, "has moved -40 rials, want 0"},
		{"overdraft", func(b *kenartest.Books) {
			b.Entries = []kenartest.Entry{{Transaction: "t", Rials: -40, Balance: -40}, {Rials: 100, Balance: 60}}
		}, "not below zero"},
	} {
		b := books()
		tt.tamper(&b)
		if err := b.Check(); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.why)
		}
	}
}
