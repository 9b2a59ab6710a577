package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// spending keeps the count of what is spent in a day, for all workers, in the
// ledger. It counts a price before it is paid. After a crash in between the
// same payment is not counted twice, as long as it is among the last that were
// counted; else too much is counted, never too little.
type spending struct {
	js     jetstream.JetStream
	ledger *Ledger
	limit  kenar.Rials // 0: none
	now    func() time.Time
}

// daySpent is the record of one day.
type daySpent struct {
	Spent kenar.Rials   `json:"spent_rials"`
	Last  []countedOnce `json:"last"`
}

type countedOnce struct {
	Transaction string      `json:"transaction"`
	Rials       kenar.Rials `json:"rials"`
	Open        time.Time   `json:"open,omitzero"` // counted then, and not yet known to be paid
}

const (
	// openFor is how long a price that is counted is taken to be about to be
	// paid. A pause of the lane would keep it from that.
	openFor       = 2 * time.Minute
	afterMidnight = 10 // seconds
	mostCounted   = 256
	spentMaxAge   = 400 * 24 * time.Hour
)

// A capError says that a payment would exceed the day's cap.
type capError struct {
	spent, price, limit kenar.Rials
	until               time.Time
}

func (e *capError) Error() string {
	return fmt.Sprintf("SPEND_CAP_RIALS: %d rials were spent today, and %d more would exceed the cap of %d; it begins anew at midnight in Tehran", e.spent, e.price, e.limit)
}

// reserve counts the price of a payment as spent today.
func (s *spending) reserve(ctx context.Context, pay *Payment) error {
	now := s.now().In(persian.Iran())
	today := now.Format(time.DateOnly)
	if pay.Day != "" && pay.Day != today {
		s.release(ctx, pay) // it was not paid yesterday
	}
	if s.limit > 0 && pay.Price > s.limit {
		return &Reason{Code: PaymentFailed, Message: fmt.Sprintf("it costs %d rials, more than may be spent in a whole day (SPEND_CAP_RIALS, %d)", pay.Price, s.limit)}
	}
	err := s.change(ctx, today, func(d *daySpent) error {
		counted := d.take(pay.ID)
		if counted == pay.Price {
			return errCounted
		}
		if s.limit > 0 && pay.Price > 0 && d.Spent+pay.Price > s.limit {
			for _, c := range d.Last {
				if now.Sub(c.Open) < openFor {
					return errOthersPay
				}
			}
			// A little after midnight, so that it is over for all clocks.
			midnight := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, afterMidnight, 0, now.Location())
			return &capError{d.Spent, pay.Price, s.limit, midnight}
		}
		d.put(countedOnce{pay.ID, pay.Price, now.UTC()})
		return nil
	})
	if errors.Is(err, errCounted) {
		err = nil
	}
	if err == nil {
		pay.Day, pay.Counted = today, pay.Price
	}
	return err
}

var (
	// errCounted: nothing is to be changed.
	errCounted = errors.New("counted already")

	// errOthersPay: the cap would be exceeded, if all that others are about to
	// pay is paid.
	errOthersPay = errors.New("SPEND_CAP_RIALS is reached if all is paid that is under way; looking again")
)

// release takes back what was counted of a payment that was not made.
func (s *spending) release(ctx context.Context, pay *Payment) { s.settle(ctx, pay, 0) }

// correct counts what a payment has cost.
func (s *spending) correct(ctx context.Context, pay *Payment) { s.settle(ctx, pay, pay.Cost) }

// settle replaces what was counted of a payment. Where that fails, its price
// stays counted: too much, or too little by what the price rose since it was
// asked for.
func (s *spending) settle(ctx context.Context, pay *Payment, rials kenar.Rials) {
	if pay.Day == "" {
		return
	}
	_ = s.change(ctx, pay.Day, func(d *daySpent) error {
		d.take(pay.ID)
		d.put(countedOnce{Transaction: pay.ID, Rials: rials})
		return nil
	})
	pay.Counted = rials
}

// take removes what is counted of a transaction, and returns it.
func (d *daySpent) take(id string) kenar.Rials {
	for i, c := range d.Last {
		if c.Transaction == id {
			d.Last = append(d.Last[:i], d.Last[i+1:]...)
			d.Spent -= c.Rials
			return c.Rials
		}
	}
	return 0
}

func (d *daySpent) put(c countedOnce) {
	if c.Rials == 0 {
		return
	}
	d.Spent += c.Rials
	d.Last = append(d.Last, c)
	d.Last = d.Last[max(len(d.Last)-mostCounted, 0):]
}

// change replaces the record of a day by compare-and-set.
func (s *spending) change(ctx context.Context, day string, change func(*daySpent) error) error {
	subject := spendSubjectPrefix + day
	for {
		var d daySpent
		var last uint64
		m, err := s.ledger.stream.GetLastMsgForSubject(ctx, subject)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return fmt.Errorf("read what was spent on %s: %w", day, err)
		default:
			last = m.Sequence
			if err := json.Unmarshal(m.Data, &d); err != nil {
				return fmt.Errorf("read what was spent on %s: %w", day, err)
			}
		}
		if err := change(&d); err != nil {
			return err
		}
		data, err := encode(d)
		if err != nil {
			return err
		}
		_, err = s.js.Publish(ctx, subject, data, jetstream.WithExpectLastSequencePerSubject(last), jetstream.WithMsgTTL(spentMaxAge))
		if err == nil || !isConflict(err) {
			return wrap(err, "count what is spent on "+day)
		}
	}
}
