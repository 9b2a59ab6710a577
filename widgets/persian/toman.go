package persian

import "strings"

// Toman is a price in rials as people write it, in tomans, ten rials each:
//
//	        8_500_000  ۸۵۰٬۰۰۰ تومان
//	    4_125_000_000  ۴۱۲ میلیون و ۵۰۰ هزار تومان
//	   12_500_000_000  ۱ میلیارد و ۲۵۰ میلیون تومان
//	25_000_000_000_000  ۲٬۵۰۰ میلیارد تومان
//
// A price below a million tomans is exact to the toman, a higher one to the
// thousand tomans: nobody says what is smaller than that of millions. What
// lies below is rounded, half away from zero.
func Toman(rials int64) string {
	n := magnitude(rials)
	n = (n + 5) / 10
	if n >= 1_000_000 {
		n = (n + 500) / 1000 * 1000
	}
	sign := ""
	if rials < 0 && n > 0 {
		sign = minus
	}
	var parts []string
	if n < 1_000_000 {
		parts = []string{group(n)}
	} else {
		for _, unit := range []struct {
			size uint64
			name string
		}{{1_000_000_000, "میلیارد"}, {1_000_000, "میلیون"}, {1000, "هزار"}} {
			if count := n / unit.size; count > 0 {
				parts = append(parts, group(count)+" "+unit.name)
				n %= unit.size
			}
		}
	}
	return sign + strings.Join(parts, " و ") + " تومان"
}
