package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/schema"
)

// schemas remembers the submit schemas of categories. It is safe for concurrent
// use.
type schemas struct {
	client *kenar.Client
	asker  *asker
	now    func() time.Time

	mu   sync.Mutex
	kept map[string]*categorySchema // by category
}

// A categorySchema is a schema and when it was asked for.
type categorySchema struct {
	*schema.Schema
	at time.Time
}

const (
	// schemaFresh is how long a schema is believed: Kenar does not say how
	// often they change. A submission that is rejected is a reason to ask
	// again sooner.
	schemaFresh = time.Hour
	mostSchemas = 500 // Divar has some 300 categories
)

// known is a schema that need not be asked for, or nil.
func (s *schemas) known(category string) *categorySchema {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.kept[category]; c != nil && s.now().Sub(c.at) < schemaFresh {
		return c
	}
	return nil
}

// fetch makes the call for a schema.
func (s *schemas) fetch(ctx context.Context, category string) (*categorySchema, error) {
	doc, err := s.client.SubmitSchema(ctx, category)
	if err != nil {
		return nil, err
	}
	parsed, err := schema.Parse(doc)
	if err != nil {
		return nil, &schemaError{category, err}
	}
	c := &categorySchema{parsed, s.now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= mostSchemas {
		s.kept = make(map[string]*categorySchema)
	}
	s.kept[category] = c
	return c, nil
}

// A schemaError says that a schema cannot be used.
type schemaError struct {
	category string
	err      error
}

func (e *schemaError) Error() string {
	return "the submit schema of category " + e.category + ": " + e.err.Error()
}
func (e *schemaError) Unwrap() error { return e.err }
