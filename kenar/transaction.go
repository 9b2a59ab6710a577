package kenar

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A TransactionState says where the money of a transaction is. Others than
// the constants may come.
type TransactionState string

// States of a transaction (Kenar OpenAPI, TransactionState).
const (
	TransactionPending   TransactionState = "TRANSACTION_STATE_PENDING" // the money is held already
	TransactionCompleted TransactionState = "TRANSACTION_STATE_COMPLETED"
	TransactionFailed    TransactionState = "TRANSACTION_STATE_FAILED"
	TransactionRefunded  TransactionState = "TRANSACTION_STATE_REFUNDED"
)

// A TransactionType says what was paid for. Others than the constants may
// come.
type TransactionType string

// Types of transactions (Kenar OpenAPI, paymentTransactionType).
const (
	TransactionReorder TransactionType = "TRANSACTION_TYPE_REORDER"
	TransactionSubmit  TransactionType = "TRANSACTION_TYPE_SUBMIT" // by PublishPost
	TransactionRenew   TransactionType = "TRANSACTION_TYPE_RENEW"
)

// A Transaction is one payment out of the app's balance.
type Transaction struct {
	ID string `json:"id"` // that of the [Payment]

	// State is TransactionPending when Kenar leaves it out. Kenar leaves out
	// what is zero, and pending is the first of the states it documents; it
	// is also the one after which nobody pays again.
	State TransactionState `json:"state"`

	Type         TransactionType `json:"type"` // "" when Kenar leaves it out
	CostRials    Rials           `json:"cost_rials"`
	AppSlug      string          `json:"app_slug"`
	CreatedAt    time.Time       `json:"created_at"`    // zero when it cannot be read
	ExtraDetails string          `json:"extra_details"` // those of the [Payment]
}

// UnmarshalJSON reads a transaction as Kenar writes it, in answers and in
// events.
func (t *Transaction) UnmarshalJSON(data []byte) error {
	type plain Transaction
	var fields struct {
		plain
		CreatedAt json.RawMessage `json:"created_at"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*t = Transaction(fields.plain)
	t.CreatedAt = object{"": fields.CreatedAt}.time("")
	t.State = cmp.Or(t.State, TransactionPending)
	return nil
}

// Transaction returns a transaction by its id. The API key needs
// TRANSACTION_RETRIEVE; no grant is involved. That there is none is told by
// [TransactionUnknown]; an answer that is not about this transaction is an
// [*Error] with a 2xx status and the cause [ErrMalformed].
func (c *Client) Transaction(ctx context.Context, id string) (Transaction, error) {
	return ask(ctx, c, request{
		op:      string(OpGetTransaction),
		method:  http.MethodGet,
		url:     c.base + "/experimental/open-platform/transactions/" + id,
		refused: ValidTransactionID(id),
	}, decodeTransaction(id))
}

// TransactionUnknown reports whether err is Kenar's statement that there is no
// transaction with the id given to [Client.Transaction]: status 404 with the
// code of google.rpc for it. A 404 without the code may come from an edge
// server, which knows of no transactions, and proves nothing.
func TransactionUnknown(err error) bool {
	const notFound = 5
	e, ok := errors.AsType[*Error](err)
	return ok && e.Op == string(OpGetTransaction) && e.Status == http.StatusNotFound && e.Code == notFound
}

// decodeTransaction reads an answer that must be about the transaction id.
func decodeTransaction(id string) func(answer) (Transaction, error) {
	return func(a answer) (Transaction, error) {
		var body struct {
			Transaction Transaction `json:"transaction"`
		}
		if err := a.decode(&body); err != nil {
			return Transaction{}, err
		}
		t := body.Transaction
		if err := checkPaid(id, t.ID, t.CostRials); err != nil {
			return Transaction{}, err
		}
		return t, nil
	}
}

// A Page says which part of a list to return.
type Page struct {
	// Size is the most elements to return, at most 100; 0 leaves it to Kenar.
	Size int
	// Token is the NextPageToken of the page before, "" for the first page.
	Token string
}

const (
	maxPageSize  = 100
	maxPageToken = 2048
)

func (p Page) check() error {
	switch {
	case p.Size < 0 || p.Size > maxPageSize:
		return fmt.Errorf("page size is %d: it must be between 1 and %d, or 0 to leave it to Kenar", p.Size, maxPageSize)
	case len(p.Token) > maxPageToken:
		return fmt.Errorf("page token has %d bytes, at most %d are allowed", len(p.Token), maxPageToken)
	}
	return nil
}

// TransactionPage is a part of the list of an app's transactions.
type TransactionPage struct {
	Transactions []Transaction // newest first

	// NextPageToken asks for the page after this one. Kenar's guide ends the
	// list with a page that is empty, so one that is not may be the last
	// even if there is a token.
	NextPageToken string
}

// Transactions returns a page of the app's transactions. The API key needs
// TRANSACTION_LIST; no grant is involved. A page with a transaction that cannot
// be read is an [*Error] with a 2xx status and the cause [ErrMalformed]: a list
// to settle accounts by must not lack one silently.
func (c *Client) Transactions(ctx context.Context, page Page) (TransactionPage, error) {
	query := url.Values{}
	if page.Size > 0 {
		query.Set("page_size", strconv.Itoa(page.Size))
	}
	if page.Token != "" {
		query.Set("page_token", page.Token)
	}
	r := request{
		op:      string(OpListTransactions),
		method:  http.MethodGet,
		url:     c.base + "/experimental/open-platform/transactions",
		refused: page.check(),
		longest: maxDocument,
	}
	if len(query) > 0 {
		r.url += "?" + query.Encode()
	}
	return ask(ctx, c, r, decodeTransactions)
}

func decodeTransactions(a answer) (TransactionPage, error) {
	var body struct {
		Transactions  []Transaction `json:"transactions"`
		NextPageToken string        `json:"next_page_token"`
	}
	if err := a.decode(&body); err != nil {
		return TransactionPage{}, err
	}
	for i, t := range body.Transactions {
		if t.ID == "" || t.CostRials < 0 {
			return TransactionPage{}, fmt.Errorf("%w: its transaction %d has no id or a negative cost", ErrMalformed, i+1)
		}
	}
	return TransactionPage{Transactions: body.Transactions, NextPageToken: body.NextPageToken}, nil
}
