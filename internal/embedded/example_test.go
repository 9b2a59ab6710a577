package embedded_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/internal/embedded"
	"github.com/kenar-addons/kenar-addons/internal/natstoken"
)

func ExampleStartNATS() {
	dir, err := os.MkdirTemp("", "data-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	server, err := embedded.StartNATS(embedded.NATSConfig{DataDir: dir, Addr: "127.0.0.1:0", Logf: log.Printf})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown()

	// The worker connects through memory, other processes over TCP.
	worker, err := nats.Connect("", server.ConnectOptions()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer worker.Close()
	token, err := natstoken.Read(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	publisher, err := nats.Connect(server.URL(), nats.Token(token))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer publisher.Close()

	ctx := context.Background()
	js, err := jetstream.New(worker)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "INBOX", Subjects: []string{"inbox.*"}}); err != nil {
		fmt.Println(err)
		return
	}
	js, err = jetstream.New(publisher)
	if err != nil {
		fmt.Println(err)
		return
	}
	ack, err := js.Publish(ctx, "inbox.post", []byte("hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stored as message", ack.Sequence, "of", ack.Stream)
	// Output: stored as message 1 of INBOX
}
