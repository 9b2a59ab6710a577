package persian

import (
	"time"

	ptime "github.com/yaa110/go-persian-calendar"
)

// Date is the day of t in Iran, in the Solar Hijri calendar: "۲۷ مرداد ۱۴۰۵".
// It is empty for the zero time.
//
// Iran has kept UTC+03:30 all year since September 2022, so no time zone
// database is needed, and none is used: a container often has none. Before
// that, summers were an hour ahead; in the last hour of such a day, Date is
// still at the day before midnight's.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	year, month, day := ptime.New(t.In(Iran())).Date()
	return digits(day) + " " + month.String() + " " + digits(year)
}

// Iran is the time zone of Iran since September 2022.
func Iran() *time.Location {
	return time.FixedZone("Asia/Tehran", 3*60*60+30*60)
}

// digits is a small number without separators, as in dates.
func digits(n int) string {
	if n < 0 {
		return minus + digits(-n)
	}
	var buf [20]rune
	i := len(buf)
	for ok := true; ok; ok = n > 0 {
		i--
		buf[i] = '۰' + rune(n%10)
		n /= 10
	}
	return string(buf[i:])
}
