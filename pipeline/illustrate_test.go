package pipeline

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// tinyJPEG is a picture as a source, another one for each shade.
func tinyJPEG(shade byte) string {
	m := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = shade*37 + byte(i)
	}
	m.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return dataURI(b.Bytes())
}

func dataURI(jpeg []byte) string {
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg)
}

// cutShort is a picture of which only the beginning is there.
func cutShort(source string) string {
	whole, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(source, "data:image/jpeg;base64,"))
	if err != nil {
		panic(err)
	}
	return dataURI(whole[:len(whole)-40])
}

// illustratedData is the data of an attach event with a text and pictures.
func illustratedData(text string, sources ...string) map[string]any {
	return map[string]any{"widgets": []any{map[string]any{"title_row": map[string]any{"text": text}}, illustration(sources...)}}
}

// illustration is a widget of pictures.
func illustration(sources ...string) map[string]any {
	var items []any
	for _, s := range sources {
		items = append(items, map[string]any{"image_id": s, "description": "عکس"})
	}
	return map[string]any{"image_carousel_row": map[string]any{"items": items}}
}

func uploads(l *lab) (n int) {
	for _, c := range l.kenar.Calls() {
		if c.Op == kenartest.UploadImage {
			n++
		}
	}
	return n
}

// A picture is uploaded right before the call and put in place, once however
// often it occurs and the call is repeated. After the call Divar has it under
// another name: the next event uploads it again.
func TestImages(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{ImageIDs: kenartest.FreshImageID})
	l.worker(nil)
	l.kenar.Script(
		kenartest.Fault{Op: kenartest.UploadImage, Status: http.StatusBadGateway, Body: "<html>"},
		kenartest.Fault{Op: kenartest.CreatePostAddon, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}},
	)
	a, b := tinyJPEG(1), tinyJPEG(2)
	l.publish(event("one", TypeAttach, "post/P1", illustratedData("گزارش", a, b, a)))
	if got := l.final("one"); got.Result != ResultAccepted || got.Attempts != 1 || len(got.Warnings) > 0 {
		t.Errorf("ended %+v", got)
	}
	if n := uploads(l); n != 3 { // one failed
		t.Errorf("%d uploads, want 3: two pictures, of which one failed at first", n)
	}
	shown := l.kenar.Images()
	if len(shown) != 2 || shown[0].Permanent == "" || shown[1].Permanent == "" {
		t.Errorf("Divar keeps %d pictures: %+v", len(shown), shown)
	}
	l.publish(event("two", TypeAttach, "post/P1", illustratedData("گزارش تازه", a)))
	if got := l.final("two"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
	l.publish(event("same", TypeAttach, "post/P1", illustratedData("گزارش تازه", a)))
	if got := l.final("same"); got.Result != ResultUnchanged {
		t.Errorf("ended %+v", got)
	}
	if n := uploads(l); n != 4 {
		t.Errorf("%d uploads, want 4", n)
	}
	// Whether a lost answer was a good one nobody knows: if it was, Divar
	// has another name for the picture by now.
	l.kenar.Script(kenartest.Fault{Op: kenartest.CreatePostAddon, LoseAnswer: true})
	l.publish(event("lost", TypeAttach, "post/P2", illustratedData("گزارش", b)))
	if got := l.final("lost"); got.Result != ResultAccepted || got.Attempts != 2 {
		t.Errorf("ended %+v", got)
	}
}

// While a picture is uploaded, a token is another event's: it does not wait
// for the ten seconds after which it would come back by itself.
func TestImagesTakeNoToken(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(func(s *settings) { s.limits, s.cfg.Timeout = "ADD_ON_CREATE=1/1000h", time.Minute })
	uploading, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		if c.Op == kenartest.UploadImage {
			once.Do(func() { close(uploading) })
			<-release
		}
		return kenartest.Fault{}, false
	})
	l.publish(event("slow", TypeAttach, "post/P1", illustratedData("گزارش", tinyJPEG(1))))
	wait(t, uploading)
	start := time.Now()
	l.publish(attach("plain", "post/P2", "one"))
	if got := l.final("plain"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
	if late := time.Since(start); late > 9*time.Second {
		t.Errorf("the token was idle for %s", late)
	}
	close(release)
}

// An add-on that was accepted without a picture is not what its event says:
// the same data again is sent again.
func TestImageComesLater(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.kenar.Script(kenartest.Fault{Op: kenartest.UploadImage, Status: http.StatusUnsupportedMediaType, Body: `{"code":3,"message":"no"}`})
	data := illustratedData("گزارش", tinyJPEG(1))
	l.publish(event("without", TypeAttach, "post/P1", data))
	if got := l.final("without"); got.Result != ResultAccepted || len(got.Warnings) == 0 {
		t.Errorf("ended %+v", got)
	}
	l.publish(event("again", TypeAttach, "post/P1", data))
	if got := l.final("again"); got.Result != ResultAccepted || len(got.Warnings) != 0 {
		t.Errorf("ended %+v", got)
	}
}

// What is final of an image and what passes.
func TestImagePasses(t *testing.T) {
	answered := func(status int) error { return &kenar.Error{Status: status} }
	tests := []struct {
		err          error
		first, fifth bool
	}{
		{&images.Error{Temporary: true}, true, false},
		{&images.Error{}, false, false},
		{answered(400), false, false},
		{answered(413), false, false},
		{answered(415), false, false},
		{answered(422), false, false},
		{&kenar.Error{NeverSent: true, Err: kenar.ErrInvalid}, false, false},
		{answered(401), true, true},
		{answered(403), true, true},
		{answered(404), true, true},
		{answered(429), true, true},
		{answered(503), true, true},
		{&kenar.Error{Status: 200, Err: kenar.ErrMalformed}, true, true},
		{&kenar.Error{NeverSent: true, Err: errors.New("connection refused")}, true, true},
	}
	for _, tt := range tests {
		if got := passing(tt.err, false); got != tt.first {
			t.Errorf("%v passes: %t", tt.err, got)
		}
		if got := passing(tt.err, true); got != tt.fifth {
			t.Errorf("%v passes at last: %t", tt.err, got)
		}
	}
}

// A picture that cannot be had is left out with a warning, or is the end of
// its event, as configured; without any row left it is the end in any case.
func TestBadImage(t *testing.T) {
	t.Parallel()
	good := tinyJPEG(1)
	cut := cutShort(good)
	tests := []struct {
		name    string
		failure ImageFailure
		data    map[string]any
		result  Result
		warned  string // path of the warning
		field   string // of the reason
	}{
		{"dropped", ImageDrop, illustratedData("گزارش", good, cut), ResultAccepted, "widgets[1].image_carousel_row.items[1].image_id", ""},
		{"the only one", ImageDrop, illustratedData("گزارش", cut), ResultAccepted, "widgets[1].image_carousel_row.items[0].image_id", ""},
		{"required", ImageDead, illustratedData("گزارش", good, cut), ResultDead, "", "widgets[1].image_carousel_row.items[1].image_id"},
		{"nothing left", ImageDrop, map[string]any{"widgets": []any{illustration(cut)}}, ResultDead, "", "widgets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{ImageIDs: kenartest.FreshImageID})
			l.worker(func(s *settings) { s.cfg.ImageFailure = tt.failure })
			l.publish(event("a", TypeAttach, "post/P1", tt.data))
			got := l.final("a")
			if got.Result != tt.result {
				t.Fatalf("ended %+v", got)
			}
			if tt.warned != "" && (len(got.Warnings) == 0 || got.Warnings[0].Path != tt.warned) {
				t.Errorf("warnings %q, want one of %s", got.Warnings, tt.warned)
			}
			if tt.field != "" && (got.Reason.Code != InvalidWidgets || got.Reason.Field != tt.field) {
				t.Errorf("reason %+v, want the field %s", got.Reason, tt.field)
			}
		})
	}
}

// While the image service is down its events wait, without attempts, and
// others go on.
func TestImageServiceDown(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(func(s *settings) { s.cfg.Concurrency = 1 })
	l.kenar.Script(kenartest.Fault{Op: kenartest.UploadImage, Status: 503, Body: "<html>", Times: -1})
	for _, id := range []string{"P1", "P2", "P3", "P4"} {
		l.publish(event(id, TypeAttach, "post/"+id, illustratedData("گزارش", tinyJPEG(1))))
	}
	l.publish(attach("plain", "post/P5", "one"))
	if got := l.final("plain"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
	l.eventually("the images were tried many times", func() bool { return uploads(l) > 8*imageTries })
	l.kenar.ClearFaults()
	for _, id := range []string{"P1", "P2", "P3", "P4"} {
		if got := l.final(id); got.Result != ResultAccepted || got.Attempts != 1 {
			t.Errorf("%s ended %+v", id, got)
		}
	}
}

// Where images come from is checked at admission, without a fetch.
func TestImageHosts(t *testing.T) {
	hosts, err := images.ParseHosts("cdn.example.com")
	must(t, err)
	fetcher, err := images.New(images.Config{Hosts: hosts})
	must(t, err)
	tests := map[string]string{ // source, part of the fault
		"https://cdn.example.com/1.jpg":  "",
		"https://evil.example/1.jpg":     "evil.example",
		"http://cdn.example.com/1.jpg":   "URL",
		"https://127.0.0.1/1.jpg":        "127.0.0.1",
		"https://cdn.example.com:81/1":   "81",
		"data:text/html;base64,PGh0bWw+": "",
		"logo":                           "",
	}
	for source, want := range tests {
		data, err := encode(illustratedData("گزارش", source))
		must(t, err)
		w, _, err := buildRaw(Builder{Images: fetcher}, TypeAttach, "post/P1", string(data))
		switch {
		case strings.HasPrefix(source, "data:text"):
			if err == nil {
				t.Errorf("%s was taken", source)
			}
		case want == "" && err != nil:
			t.Errorf("%s: %v", source, err)
		case want == "" && w.Images != (source != "logo"):
			t.Errorf("%s: images to upload: %t", source, w.Images)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "image_carousel_row.items[0].image_id")):
			t.Errorf("%s: %v", source, err)
		}
	}
}
