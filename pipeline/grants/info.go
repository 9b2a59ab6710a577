package grants

import (
	"context"
	"time"
)

// Info returns what may be shown of a grant, as [Store.Get] does.
func (s *Source) Info(ctx context.Context, id string) (Info, error) { return s.store.Get(ctx, id) }

// Expect is [Store.Expect].
func (s *Source) Expect(ctx context.Context, id string, until time.Time) error {
	return s.store.Expect(ctx, id, until)
}
