package kenar_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// One answer for every call takes the place of Kenar here.
func answering(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
}

func Example() {
	server := answering(http.StatusOK, `{}`)
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

	list, _, err := widgets.Decoder{}.Decode([]byte(`[{"title_row": {"text": "کارشناسی شده"}}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := kenar.PostAddon{
		Widgets:  list,
		Semantic: kenar.Semantic{"inspection_result": "INSPECTION_APPROVED"},
	}.Body()
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := client.CreatePostAddon(context.Background(), "AZir15UU", "", body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("accepted with status", receipt.Status)
	// Output: accepted with status 200
}

// What became of a call decides what the call has cost.
func ExampleError() {
	server := answering(http.StatusTooManyRequests, `{"code": 8, "message": "daily quota exceeded"}`)
	client, err := kenar.New(kenar.Config{
		BaseURL: server.URL,
		APIKey:  func() string { return "key" },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.DeletePostAddon(context.Background(), "AZir15UU")
	if e, ok := errors.AsType[*kenar.Error](err); ok {
		fmt.Println(e.Status, e.Window, e.NeverSent)
	}

	server.Close()                // nobody listens any more,
	client.CloseIdleConnections() // and the old connection is forgotten
	_, err = client.DeletePostAddon(context.Background(), "AZir15UU")
	if e, ok := errors.AsType[*kenar.Error](err); ok {
		fmt.Println(e.Status, e.NeverSent)
	}
	// Output:
	// 429 day false
	// 0 true
}

func ExampleMask() {
	hash, err := kenar.Mask("VIN", " IRJC95r۲۳kj039206 ")
	fmt.Println(hash, err)
	// Output: e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf <nil>
}

func ExampleDecodeSemantic() {
	semantic, warnings, err := kenar.DecodeSemantic([]byte(`{"year": 1398, "color": "سفید"}`))
	fmt.Println(semantic, warnings, err)

	_, _, err = kenar.DecodeSemantic([]byte(`{"inspection_result": "GOOD"}`))
	fmt.Println(err)
	// Output:
	// map[color:سفید year:1398] [semantic.year: a number, sent as a string] <nil>
	// semantic.inspection_result: is "GOOD": allowed for this key: INSPECTION_APPROVED
}
