package grants

import "context"

// Info returns what may be shown of a grant, as [Store.Get] does.
func (s *Source) Info(ctx context.Context, id string) (Info, error) { return s.store.Get(ctx, id) }
