package kenar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// The answer of a paid call is lost, so what became of it is looked up by the
// id that was chosen before.
func ExampleClient_PublishPost() {
	const id = "550e8400-e29b-41d4-a716-446655440000"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/publish") {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, `{"transaction": {"id": %q, "state": "TRANSACTION_STATE_COMPLETED", "cost_rials": "500000"}}`, id)
	}))
	defer server.Close()
	client, err := kenar.New(kenar.Config{
		BaseURL: server.URL, // leave it out for Kenar itself
		APIKey:  func() string { return "key" },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	payment := kenar.Payment{ID: id} // kept before the first try
	_, err = client.PublishPost(ctx, "AaEB0vbO", "access-token", payment)
	fmt.Println(err)

	transaction, err := client.Transaction(ctx, payment.ID)
	switch {
	case kenar.TransactionUnknown(err):
		fmt.Println("not paid: try again with the same id")
	case err != nil:
		fmt.Println(err)
	case transaction.State == kenar.TransactionCompleted:
		fmt.Println("paid", transaction.CostRials, "rials")
	}
	// Output:
	// publish post: Kenar answered 502 Bad Gateway; it may have been paid: look up the transaction 550e8400-e29b-41d4-a716-446655440000 before anything else
	// paid 500000 rials
}

// What is given changes, what is cleared goes, and the rest stays.
func ExamplePostEdit() {
	body, err := kenar.PostEdit{
		GeneralData: kenar.GeneralDataEdit{
			Title:    kenar.ChangeTo("پژو ۲۰۶"),
			District: kenar.Clear[string](),
		},
		CategoryData: map[string]json.RawMessage{"usage": json.RawMessage("100000")},
	}.Body()
	fmt.Println(string(body), err)
	// Output: {"update_mask":["general_data.title","general_data.district","category_data.usage"],"general_data":{"title":"پژو ۲۰۶"},"category_data":{"usage":100000}} <nil>
}

func ExamplePermission() {
	scopes, err := kenar.ScopesFor(kenar.OpEditPost, "AaEB0vbO")
	fmt.Println(kenar.Permission(kenar.OpEditPost), scopes, err)
	// Output: EDIT_POST [POST_EDIT.AaEB0vbO EDIT_USER_POST] <nil>
}
