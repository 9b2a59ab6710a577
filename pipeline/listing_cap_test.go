package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// spentOn is what is counted for a day.
func (l *lab) spentOn(day string) (d daySpent) {
	l.t.Helper()
	s, err := l.js.Stream(l.t.Context(), LedgerStream)
	must(l.t, err)
	m, err := s.GetLastMsgForSubject(l.t.Context(), spendSubjectPrefix+day)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return d
	}
	must(l.t, err)
	must(l.t, json.Unmarshal(m.Data, &d))
	return d
}

// counted is what is counted in all, by a test that may run into the next day.
func (l *lab) counted() kenar.Rials {
	l.t.Helper()
	now := time.Now().In(persian.Iran())
	return l.spentOn(now.Format(time.DateOnly)).Spent + l.spentOn(now.AddDate(0, 0, -1).Format(time.DateOnly)).Spent
}

// counter counts in the ledger of a lab as the workers do.
func (l *lab) counter(limit kenar.Rials, now func() time.Time) *spending {
	l.t.Helper()
	ledger, err := NewLedger(l.t.Context(), l.js, 0)
	must(l.t, err)
	return &spending{js: l.js, ledger: ledger, limit: limit, now: now}
}

// Many workers count prices at once, some of them twice as after a crash, and
// take back or correct what they counted: never is more counted than the cap
// allows, and what is counted in the end is what was paid.
func TestSpendingRace(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	const limit, each, workers = 1000, 25, 8
	today := func() time.Time { return noon }
	var mu sync.Mutex
	var paid, over kenar.Rials
	var wg sync.WaitGroup
	for range workers {
		s := l.counter(limit, today)
		wg.Go(func() {
			for range each {
				price := 1 + kenar.Rials(rand.IntN(40))
				pay := Payment{ID: uuid.NewString(), Price: price}
				crashed := pay // it was not written that it is counted
				err := s.reserve(t.Context(), &pay)
				var c *capError
				if errors.As(err, &c) && (c.spent+price <= limit || c.limit != limit) {
					t.Errorf("refused with %v", err)
				}
				if c != nil || errors.Is(err, errOthersPay) {
					mu.Lock()
					over++
					mu.Unlock()
					continue
				} else if err != nil {
					t.Error(err)
					return
				}
				if rand.IntN(3) == 0 {
					pay = crashed
					if err := s.reserve(t.Context(), &pay); err != nil {
						t.Errorf("counted again after a crash: %v", err)
					}
				}
				cost := price
				switch rand.IntN(4) {
				case 0: // the transaction failed
					cost = 0
					s.release(t.Context(), &pay)
				case 1: // cheaper than it was
					cost = kenar.Rials(rand.IntN(int(price) + 1))
					fallthrough
				default:
					pay.Cost = cost
					s.correct(t.Context(), &pay)
				}
				mu.Lock()
				paid += cost
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	day := l.spentOn(noon.In(persian.Iran()).Format(time.DateOnly))
	if day.Spent != paid || paid > limit {
		t.Errorf("%d rials are counted and %d were paid, the cap is %d", day.Spent, paid, limit)
	}
	if over == 0 {
		t.Error("the cap was never reached")
	}
	s, err := l.js.Stream(t.Context(), LedgerStream)
	must(t, err)
	must(t, browse(t.Context(), s, jetstream.OrderedConsumerConfig{FilterSubjects: []string{spendSubjectPrefix + ">"}}, func(m jetstream.Msg) error {
		var d daySpent
		must(t, json.Unmarshal(m.Data(), &d))
		sum := kenar.Rials(0)
		for _, c := range d.Last {
			sum += c.Rials
		}
		if d.Spent > limit || sum != d.Spent {
			t.Errorf("%d rials were counted at a time, as parts of %d", d.Spent, sum)
		}
		return nil
	}))
}

// A day begins at midnight in Tehran, whatever the worker's time zone. What is
// over the cap waits for those that are about to pay, then for that; and what
// was counted and not paid is counted on the day on which it may leave.
func TestSpendingDay(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	midnight := time.Date(2026, 3, 20, 20, 30, 0, 0, time.UTC)
	now := midnight.Add(-openFor - time.Second)
	s := l.counter(100, func() time.Time { return now })
	counted := func(yesterday, today kenar.Rials) {
		t.Helper()
		for day, want := range map[string]kenar.Rials{"2026-03-20": yesterday, "2026-03-21": today} {
			if got := l.spentOn(day).Spent; got != want {
				t.Errorf("%d rials are counted on %s, want %d", got, day, want)
			}
		}
	}
	paid, prepared, more := Payment{ID: "paid", Price: 70, Cost: 80}, Payment{ID: "prepared", Price: 15}, Payment{ID: "more", Price: 30}
	must(t, s.reserve(t.Context(), &paid))
	s.correct(t.Context(), &paid)
	must(t, s.reserve(t.Context(), &prepared))
	must(t, s.reserve(t.Context(), &prepared)) // prepared once more
	counted(95, 0)
	if err := s.reserve(t.Context(), &more); !errors.Is(err, errOthersPay) {
		t.Errorf("30 beside 80 and perhaps 15 of 100: %v", err)
	}
	now = now.Add(openFor)
	var over *capError
	if err := s.reserve(t.Context(), &more); !errors.As(err, &over) || !over.until.Equal(midnight.Add(afterMidnight*time.Second)) {
		t.Fatalf("30 beside 95 of 100: %v, want an end soon after midnight", err)
	}
	if more.Counted != 0 || more.Day != "" {
		t.Errorf("what is over the cap is counted as %+v", more)
	}
	counted(95, 0)
	now = midnight
	must(t, s.reserve(t.Context(), &more))
	must(t, s.reserve(t.Context(), &prepared))
	counted(80, 45)
	s.release(t.Context(), &more)
	s.release(t.Context(), &more) // once more, after a crash
	counted(80, 15)
}

// Two workers never spend more than the cap, though all prepare their payments
// at once; what waits is paid when the cap allows it.
func TestSpendCap(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	const most = 3
	limited := func(s *settings) { s.cfg.SpendCap = most*flatPrice + flatPrice/2 }
	stop := m.run(limited)
	stopOther := m.run(limited)
	var ids []string
	for i := range 2 * most {
		id := fmt.Sprintf("e%d", i)
		ids = append(ids, id)
		m.publish(submit(id, id, titled(id)))
	}
	paused := func() bool {
		s, err := m.client.Status(t.Context())
		must(t, err)
		for _, l := range s.Lanes {
			if l.Lane == ListingPublish && l.PausedWhy != "" {
				return true
			}
		}
		return false
	}
	m.eventually("all is submitted, and the lane is paused", func() bool { return len(m.kenar.Submitted()) == len(ids) && paused() })
	if n := len(m.kenar.Books("").Transactions); n > most {
		t.Errorf("%d payments of %d, the cap is for %d", n, flatPrice, most)
	}
	stop()
	stopOther()
	if got := m.counted(); got > most*flatPrice+flatPrice/2 {
		t.Errorf("%d rials are counted", got)
	}
	m.run(nil) // without a cap
	_, err := m.client.Resume(t.Context(), nil, false)
	must(t, err)
	m.allAccepted(m.settled(ids...), ids...)
}
