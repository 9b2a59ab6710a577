package listing

import (
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxExtraDetails bounds the extra details of a payment, in bytes. Kenar
// documents no limit; this is room for any reference of a producer's own.
const maxExtraDetails = 1024

// A Payment is the data of a kenar.listing.reorder.v1 or kenar.listing.renew.v1
// event.
type Payment struct {
	// MaxCost is the most that it may cost; at 0 only what is free is done.
	MaxCost kenar.Rials `json:"max_cost_rials"`

	ExtraDetails string `json:"extra_details,omitempty"` // come back with the transaction
}

// DecodePayment reads the data of a kenar.listing.reorder.v1 or
// kenar.listing.renew.v1 event.
func DecodePayment(data []byte) (Payment, error) {
	var f findings
	var p Payment
	readDocument(&f, data, func(o *object) {
		if cost := optional(o, "max_cost_rials", o.rials); cost != nil {
			p.MaxCost = *cost
		} else {
			o.fault("data.max_cost_rials", maxCostMissing)
		}
		p.ExtraDetails = value(o, "extra_details", o.extraDetails)
	})
	if err := f.err(); err != nil {
		return Payment{}, err
	}
	return p, nil
}

// maxCostMissing is the fault of a paid operation without a bound. There is no
// default: money is spent only up to what somebody has said.
const maxCostMissing = "is missing: say how many rials it may cost at most, 0 for nothing that costs"

func (f *findings) extraDetails(path string, n *strictjson.Node) string {
	s := f.text(path, n)
	if len(s) > maxExtraDetails {
		f.fault(path, "has %d bytes, at most %d are allowed", len(s), maxExtraDetails)
	}
	return s
}

// DecodeDelete checks the data of a kenar.listing.delete.v1 event, which is an
// empty object: the subject says all.
func DecodeDelete(data []byte) error {
	var f findings
	readDocument(&f, data, func(*object) {})
	return f.err()
}
