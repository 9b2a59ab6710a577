package kenartest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

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
