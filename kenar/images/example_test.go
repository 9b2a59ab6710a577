package images_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kenar-addons/kenar-addons/kenar/images"
)

func Example() {
	hosts, err := images.ParseHosts("cdn.example.com, *.example.org")
	if err != nil {
		fmt.Println(err)
		return
	}
	fetcher, err := images.New(images.Config{Hosts: hosts})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fetcher.CloseIdleConnections()

	// Before an event is queued: what can be known without asking anybody.
	fmt.Println(fetcher.Check("https://cdn.example.com/17/front.jpg"))
	fmt.Println(fetcher.Check("https://127.0.0.1/17/front.jpg?signature=…"))

	// Right before the upload.
	const gif = "data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="
	image, err := fetcher.JPEG(context.Background(), gif)
	if e, ok := errors.AsType[*images.Error](err); ok && e.Temporary {
		fmt.Println("try again later")
		return
	}
	fmt.Println(image.Width, image.Height, len(image.SHA256), err)
	// Output:
	// <nil>
	// image from 127.0.0.1: the host is not on the list of those that images may be fetched from
	// 1 1 64 <nil>
}
