package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A Currency is the unit of the prices of a valuation.
type Currency string

// The currencies of Iran: the rial, and the toman of ten rials.
const (
	IRR Currency = "IRR"
	IRT Currency = "IRT"
)

var currencies = []string{string(IRR), string(IRT)}

// A Price is an amount in the currency of its valuation; 0 is none.
type Price int64

// maxPrice is above all there is to buy, and its rials are far from an
// overflow.
const maxPrice Price = 999_999_999_999_999

func readPrice(from *object, name string) Price {
	n := from.find(name)
	if n == nil {
		return 0
	}
	var v int64
	ok := false
	switch {
	case n.Kind == strictjson.Number:
		v, ok = wholeNumber(n.Text)
	case n.Kind == strictjson.String && strings.Trim(n.Text, "0123456789") == "":
		v, ok = wholeNumber(n.Text)
	}
	switch {
	case !ok:
		from.fault(from.at, name, "must be a whole number from 1 to %d, or its ASCII digits as a string", maxPrice)
	case v < 1 || Price(v) > maxPrice:
		from.fault(from.at, name, "is %s, must be from 1 to %d", cut(n.Text), maxPrice)
	default:
		return Price(v)
	}
	return 0
}

// show is the price as people write it.
func (p Price) show(c Currency) string {
	rials := int64(p)
	if c == IRT {
		rials *= 10
	}
	return persian.Toman(rials)
}

// prices checks those of a valuation.
func (v *Valuation) prices(f *findings) {
	switch {
	case v.Currency == "":
		f.fault(valuation, "currency", "is missing; must be IRR (rials) or IRT (tomans)")
	case !slices.Contains(currencies, string(v.Currency)):
		f.fault(valuation, "currency", "%s", oneOf(string(v.Currency), currencies))
	}
	for _, p := range []struct {
		field    string
		price    Price
		optional bool
	}{{"low", v.Low, false}, {"fair", v.Fair, false}, {"high", v.High, false}, {"asking", v.Asking, true}} {
		switch {
		case p.price == 0 && p.optional:
		case p.price == 0:
			f.fault(valuation, p.field, isMissing)
		case p.price < 0 || p.price > maxPrice:
			f.fault(valuation, p.field, "is %d, must be from 1 to %d", p.price, maxPrice)
		}
	}
	if v.Low > 0 && v.Fair > 0 && v.Low > v.Fair {
		f.fault(valuation, "fair", "is %d, must not be less than low, which is %d", v.Fair, v.Low)
	}
	if v.Fair > 0 && v.High > 0 && v.Fair > v.High {
		f.fault(valuation, "high", "is %d, must not be less than fair, which is %d", v.High, v.Fair)
	}
}

// position is where a price stands between low and high, from 0 to 100: low
// is 0, fair is 50 and high is 100; in between it is proportional, and rounded
// half up. What is below low or above high stands at the end of the bar.
func (v *Valuation) position(p Price) int {
	switch {
	case p == v.Fair:
		return 50
	case p <= v.Low:
		return 0
	case p >= v.High:
		return 100
	case p < v.Fair:
		return proportion(p-v.Low, v.Fair-v.Low)
	}
	return 50 + proportion(p-v.Fair, v.High-v.Fair)
}

// proportion is 50·part/whole, rounded half up. Prices are bounded, so it
// does not overflow.
func proportion(part, whole Price) int { return int((100*part + whole) / (2 * whole)) }

// String is the year in Persian digits.
func (y Year) String() string { return persian.Digits(strconv.Itoa(int(y))) }
