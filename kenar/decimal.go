package kenar

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDecimal bounds a number written out, in characters: a short 1e999999999
// must not become a long string.
const maxDecimal = 64

// decimal writes a JSON number without exponent and without needless zeros.
// It works on the digits, because a float64 would change long ones.
func decimal(number string) (string, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	whole, negative := strings.CutPrefix(whole, "-")

	digits := strings.TrimLeft(whole+fraction, "0")
	point := len(digits) - len(fraction) // where the decimal point is in digits
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return "0", nil
	}
	tooLong := fmt.Errorf("is a number of more than %d digits: write it as a string", maxDecimal)
	if exponent != "" {
		shift, err := strconv.ParseInt(exponent, 10, 16)
		if err != nil {
			return "", tooLong
		}
		point += int(shift)
	}

	var s string
	switch {
	case max(len(digits), point, -point) > maxDecimal:
		return "", tooLong
	case point <= 0:
		s = "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		s = digits + strings.Repeat("0", point-len(digits))
	default:
		s = digits[:point] + "." + digits[point:]
	}
	if negative {
		s = "-" + s
	}
	return s, nil
}
