package kenar

import (
	"bytes"
	"encoding/json"
	"errors"
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

// wholeNumber returns the digits of a JSON number, or of one in a JSON string,
// with its sign. 1.5e2 is whole, 1.5 is not. It works on the digits, because a
// float64 would change long ones.
func wholeNumber(data []byte) (string, error) {
	number := bytes.TrimSpace(data)
	if bytes.HasPrefix(number, []byte(`"`)) {
		var s string
		if err := json.Unmarshal(number, &s); err != nil {
			return "", err
		}
		number = []byte(s)
	}
	if !json.Valid(number) || strings.Trim(string(number), "-+.eE0123456789") != "" {
		return "", errors.New("is not a number")
	}
	digits, err := decimal(string(number))
	if err != nil {
		return "", err
	}
	if strings.Contains(digits, ".") {
		return "", errors.New("is not a whole number")
	}
	return digits, nil
}

// shownJSON is the beginning of a JSON value that cannot be used.
func shownJSON(data []byte) string {
	const most = 24
	if len(data) > most {
		return strings.ToValidUTF8(string(data[:most]), "") + "…"
	}
	return string(data)
}
