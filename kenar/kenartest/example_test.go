package kenartest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func Example() {
	kenar, err := kenartest.Start(kenartest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer kenar.Close()
	kenar.AddPost(kenartest.SamplePosts()...)
	kenar.Script(kenartest.Fault{Status: http.StatusBadGateway, Body: "<html>"})

	send := func() {
		body := strings.NewReader(`{"widgets":[{"score_row":{"title":"Engine","percentage_score":80}}]}`)
		r, err := http.NewRequest(http.MethodPost, kenar.URL()+"/v2/open-platform/addons/post/gZ206tip", body)
		if err != nil {
			fmt.Println(err)
			return
		}
		r.Header.Set("X-API-Key", "any key will do")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = resp.Body.Close()
	}
	send() // meets the fault
	send()

	calls, err := kenar.WaitCalls(context.Background(), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range calls {
		fmt.Println(c)
	}
	addon, _ := kenar.Attached("post/gZ206tip")
	fmt.Println(addon.Widgets[0])
	// Output:
	// POST post/gZ206tip score_row -> 502 fault
	// POST post/gZ206tip score_row -> 200 accepted
	// score_row: Engine | 80%
}

func ExampleServer_Script() {
	kenar := kenartest.New(kenartest.Config{})
	kenar.Script(
		// The add-on on post a is created, but its sender never learns of it.
		kenartest.Fault{Target: "post/a", LoseAnswer: true},
		// The next two calls, whatever they are, meet an overloaded server.
		kenartest.Fault{Status: 503, Body: "<html>", ContentType: "text/html", Times: 2},
	)
	fmt.Println(len(kenar.PendingFaults()), "faults are waiting")
	// Output: 2 faults are waiting
}

func ExampleServer_Books() {
	kenar := kenartest.New(kenartest.Config{})
	kenar.SetBalance("", 1_000_000)
	kenar.AddPost(kenartest.Post{Token: "unpaid", State: "PAYMENT_REQ"})
	// The payment is pending for a minute, and then fails.
	kenar.ScriptPayments(kenartest.Outcome{
		State: kenartest.TransactionPending, Then: kenartest.TransactionFailed, After: time.Minute,
	})

	body := strings.NewReader(`{"id":"550e8400-e29b-41d4-a716-446655440000"}`)
	r := httptest.NewRequest(http.MethodPost, "/experimental/open-platform/post/unpaid/publish", body)
	r.Header.Set("X-API-Key", "any key will do")
	kenar.ServeHTTP(httptest.NewRecorder(), r)

	books := kenar.Books("")
	fmt.Println(books.Balance, "rials left,", books.Pending, "held,", books.Completed, "spent")
	fmt.Println("mistakes:", books.Check())
	// Output:
	// 500000 rials left, 500000 held, 0 spent
	// mistakes: <nil>
}
