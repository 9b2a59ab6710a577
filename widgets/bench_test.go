package widgets_test

import (
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// BenchmarkDecodeEncode is the whole way of one payload through this package:
// a dozen widgets, with every kind among them, are decoded, checked and
// encoded again.
func BenchmarkDecodeEncode(b *testing.B) {
	payload, err := specimens().MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	var d widgets.Decoder
	for b.Loop() {
		list, _, err := d.Decode(payload)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := list.MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMigrate decodes a v1 payload of every type and migrates it.
func BenchmarkMigrate(b *testing.B) {
	payload, err := legacySpecimens().MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	var d widgets.Decoder
	for b.Loop() {
		list, _, err := d.DecodeLegacy(payload)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := widgets.Migrate(list); err != nil {
			b.Fatal(err)
		}
	}
}
