package kenartest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A transactionEntry is a transaction in an answer (OpenAPI
// paymentTransaction).
type transactionEntry struct {
	ID           string           `json:"id,omitempty"`
	State        TransactionState `json:"state,omitempty"`
	Type         TransactionType  `json:"type,omitempty"`
	Cost         int64            `json:"cost_rials,omitempty,string"`
	App          string           `json:"app_slug,omitempty"`
	CreatedAt    time.Time        `json:"created_at,omitzero"`
	ExtraDetails string           `json:"extra_details,omitempty"`
}

type oneTransaction struct {
	Transaction transactionEntry `json:"transaction"`
}

func (t *Transaction) entry() transactionEntry {
	return transactionEntry{t.ID, t.State, t.Type, t.CostRials, t.App, t.CreatedAt.UTC().Truncate(time.Second), t.ExtraDetails}
}

// getTransaction finds one of the app's own transactions.
func (s *Server) getTransaction(req *request) answer {
	t := s.transactions[strings.ToLower(req.id)]
	if t == nil || t.App != req.app.Slug {
		return notFound.because("no transaction %s", quote(req.id))
	}
	return success(oneTransaction{t.entry()})
}

// Page sizes of the list. The range is documented, the default is not.
const (
	defaultPageSize = 20
	maxPageSize     = 100
)

// listTransactions lists the app's transactions, newest first. Every page but
// an empty one has the token of a next: the list is to be read until a page is
// empty (Kenar docs, payment/balance-transactions). A page begins where the
// one before it ended, whatever was paid meanwhile.
func (s *Server) listTransactions(req *request) answer {
	size, before := defaultPageSize, s.paymentCount+1
	if given := req.query.Get("page_size"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > maxPageSize {
			return invalidArgument.because("page_size: is %s, want 1 to %d", quote(given), maxPageSize)
		}
		size = n
	}
	if given := req.query.Get("page_token"); given != "" {
		n, ok := readPageToken(given)
		if !ok {
			return invalidArgument.because("page_token: %s is not the next_page_token of any page", quote(given))
		}
		before = n
	}
	var page struct {
		Transactions []transactionEntry `json:"transactions,omitempty"`
		Next         string             `json:"next_page_token,omitempty"`
	}
	for _, t := range slices.Backward(s.payments) {
		if t.App != req.app.Slug || t.seq >= before {
			continue
		}
		if len(page.Transactions) == size {
			break
		}
		page.Transactions = append(page.Transactions, t.entry())
		page.Next = pageToken(t.seq)
	}
	return success(page)
}

// pageToken stands for what is older than the transaction of this number.
func pageToken(seq int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("before " + strconv.Itoa(seq)))
}

func readPageToken(token string) (before int, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	number, ok := strings.CutPrefix(string(text), "before ")
	if !ok {
		return 0, false
	}
	before, err = strconv.Atoi(number)
	return before, err == nil && before > 0
}

func (s *Server) getBalance(req *request) answer {
	return success(struct {
		Balance int64 `json:"balance_rials,omitempty,string"`
	}{s.account(req.app.Slug).balance})
}
