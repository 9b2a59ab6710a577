package persian_test

import (
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// A text from a form comes out as it should be read.
func Example() {
	fmt.Println(persian.Text("  كاركرد 92,000   كيلومتر، موتور 2.5 ليتر  "))
	fmt.Println(persian.Toman(12_500_000_000))
	fmt.Println(persian.Date(time.Date(2026, time.August, 18, 9, 30, 0, 0, time.UTC)))
	// Output:
	// کارکرد ۹۲٬۰۰۰ کیلومتر، موتور ۲٫۵ لیتر
	// ۱ میلیارد و ۲۵۰ میلیون تومان
	// ۲۷ مرداد ۱۴۰۵
}

func ExampleFit() {
	title, shortened := persian.Fit("سیستم تعلیق جلو و عقب و کمک\u200cفنرها", 25)
	fmt.Println(title, shortened)
	// Output: سیستم تعلیق جلو و عقب و… true
}

func ExampleDigits() {
	fmt.Println(persian.Digits("206i، 206 و BMW X3"))
	// Output: 206i، ۲۰۶ و BMW X3
}
