package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
)

// upload uploads the images and the video of a post, to where Kenar says, and
// keeps what they are called. What cannot be had makes the event a dead letter:
// a post without the picture it was to show is not the one that was asked for.
func (p *processor) upload(ctx context.Context, pl *plan, sources []listing.Source, ready *prepared) *Outcome {
	e, now := pl.entry.of(pl.send), p.now()
	ready.uploads = freshUploads(e.Uploads, now)
	for _, s := range sources {
		if out := p.uploadSource(ctx, pl, e, ready, s); out != nil {
			return out
		}
	}
	if len(sources) > 0 {
		pl.entry.note(Step{Name: stepUploaded, At: p.now().UTC(), Event: pl.send.ID, Note: files(len(sources))})
	}
	return nil
}

// uploadSource uploads one file, unless Divar has it.
func (p *processor) uploadSource(ctx context.Context, pl *plan, e Entry, ready *prepared, s listing.Source) *Outcome {
	key := sourceKey(s.Source)
	if slices.ContainsFunc(ready.uploads, func(u Upload) bool { return u.Source == key }) {
		return nil
	}
	if s.Video { // of which each is held in memory
		select {
		case p.images.video <- struct{}{}:
			defer func() { <-p.images.video }()
		case <-ctx.Done():
			return later(ctx.Err())
		}
	}
	data, sum, err := p.fetch(ctx, s)
	if err != nil {
		return p.notUploaded(ctx, pl, e, ready, s, err)
	}
	urls, known := p.images.place.known(p.now(), p.timing.place)
	if !known {
		out := p.side(ctx, pl, "ask where to upload", kenar.OpGetPostUploadURLs, "", func() (err error) {
			urls, err = p.client.PostUploadURLs(ctx)
			return err
		})
		if out != nil {
			return out
		}
		p.images.place.is(urls, p.now())
	}
	u := Upload{Source: key, Image: sum, At: p.now().UTC()}
	if err := p.uploadOne(ctx, pl.send, urls, s, data, &u); err != nil {
		if known && misplaced(err) {
			p.images.place.forget(urls)
			e.Uploads = ready.uploads
			return p.putOff(ctx, pl, e, time.Second, fmt.Errorf("upload %s to where Kenar said before: %w", s.Path, err))
		}
		return p.notUploaded(ctx, pl, e, ready, s, err)
	}
	ready.uploads = append(ready.uploads, u)
	return nil
}

// An uploadPlace remembers for a moment where to upload. To ask takes from the
// budget of the uploads, so that one of a call a window would never get to them.
// It is safe for concurrent use.
type uploadPlace struct {
	mu   sync.Mutex
	urls kenar.PostUploadURLs
	at   time.Time // when it was asked for; zero: it is not known
}

// known is the place if it was asked for less than a while ago.
func (u *uploadPlace) known(now time.Time, fresh time.Duration) (urls kenar.PostUploadURLs, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.urls, !u.at.IsZero() && now.Sub(u.at) < fresh
}

func (u *uploadPlace) is(urls kenar.PostUploadURLs, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.urls, u.at = urls, now
}

// forget lets the place be asked for anew, unless that was done meanwhile.
func (u *uploadPlace) forget(urls kenar.PostUploadURLs) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.urls == urls {
		u.at = time.Time{}
	}
}

// misplaced reports whether an upload failed as one does at a place that is no
// longer the right one.
func misplaced(err error) bool {
	k, ok := errors.AsType[*kenar.Error](err)
	if !ok {
		return false
	}
	switch k.Status {
	case 0, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return true
	}
	return false
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// fetch gets what is to be uploaded.
func (p *processor) fetch(ctx context.Context, s listing.Source) (data []byte, sum string, err error) {
	if s.Video {
		data, err = p.images.images.Video(ctx, s.Source)
		return data, sourceKey(string(data)), err
	}
	image, err := p.images.images.JPEG(ctx, s.Source)
	return image.Data, image.SHA256, err
}

// uploadOne uploads one file.
func (p *processor) uploadOne(ctx context.Context, w *Work, to kenar.PostUploadURLs, s listing.Source, data []byte, u *Upload) error {
	if s.Video {
		return p.asker.ask(ctx, kenar.OpUploadPostVideo, w.ID, false, func() error {
			v, err := p.client.UploadPostVideo(ctx, to.Video, data)
			u.Video = &kenar.PostVideo{Name: v.Name, ThumbnailName: v.ThumbnailName}
			return err
		})
	}
	return p.asker.ask(ctx, kenar.OpUploadPostImage, w.ID, false, func() error {
		image, err := p.client.UploadPostImage(ctx, to.Image, data)
		u.Name = image.Path
		return err
	})
}

// notUploaded is what becomes of an event whose image or video could not be
// had, or was not taken. What was uploaded is kept.
func (p *processor) notUploaded(ctx context.Context, pl *plan, e Entry, ready *prepared, s listing.Source, err error) *Outcome {
	e.Uploads = ready.uploads
	if image, ok := errors.AsType[*images.Error](err); ok {
		if e.ImageTries++; !image.Temporary || e.ImageTries >= imageTries {
			return p.refuse(ctx, pl, Reason{Code: InvalidEvent, Field: s.Path, Message: excerpt(err.Error(), 500)})
		}
		return p.putOff(ctx, pl, e, 0, fmt.Errorf("fetch %s: %w", s.Path, err))
	}
	k, ok := errors.AsType[*kenar.Error](err)
	if ok && (errors.Is(err, kenar.ErrInvalid) || !passing(err, true) && classify(err) == ClassPermanent) {
		return p.refuse(ctx, pl, Reason{Code: InvalidEvent, Field: s.Path, Message: excerpt(refusal(k), 500)})
	}
	pl.entry = e
	op := kenar.OpUploadPostImage
	if s.Video {
		op = kenar.OpUploadPostVideo
	}
	return p.sideFailed(ctx, pl, "upload "+s.Path, op, "", err)
}
