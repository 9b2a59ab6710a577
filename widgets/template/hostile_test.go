package template_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Programs that would take forever, or all memory, each by another way. They
// end with an error, soon, having allocated little.
func TestHostilePrograms(t *testing.T) {
	const (
		large   = "t.jq: builds a value of more than 8388608 bytes"
		work    = "t.jq: does more work than a rendering may (values of 134217728 bytes together)"
		slow    = "t.jq: took longer than 2s, or than the time that was left"
		digits  = "digits, at most 100 allowed"
		index   = "at most 10000 allowed"
		steps   = "at most 16777216 allowed of both multiplied"
		ended   = ""                                               // which limit it meets first depends on the machine
		doubled = `def big: reduce range(14) as $i ([1]; . + .); ` // 2^14 items
	)
	tests := []struct{ name, program, want string }{
		{"endless range", `{a: [range(infinite)]}`, ended},
		{"endless repeat", `{a: [repeat(0)]}`, ended},
		{"limited, but large", `{a: [range(600000)]}`, large},
		{"endless and silent", `last(repeat(0))`, ended},
		{"endless until", `until(false; .)`, ended},
		{"endless recursion", `def f: f; f`, ended},
		{"deep recursion", `def f: 1 + f; {a: f}`, ended},
		{"recursion in an array", `def f: [f]; {a: f}`, ended},
		{"recursion that branches", `def f: f, f; {a: [f]}`, ended},
		{"recursion on both sides", `def f: f | f; {a: f}`, ended},
		{"endless recurse", `[recurse(.)]`, ended},
		{"combinations", `{a: [[range(100)] | combinations(100)]}`, ended},

		{"repeated text", `{a: ("x" * 1e9)}`, large},
		{"repeated text, other way round", `{a: (1e300 * "x")}`, large},
		{"repeated text, infinitely", `{a: ("xy" * infinite)}`, large},
		{"repeated in an update", `{a: "xx"} | .a *= 1e8`, large},
		{"doubled text", `{a: reduce range(60) as $i ("x"; . + .)}`, large},
		{"doubled by +=", `{a: "x"} | reduce range(60) as $i (.; .a += .a)`, large},
		{"doubled by interpolation", `{a: reduce range(60) as $i ("x"; "\(.)\(.)")}`, large},
		{"doubled by a format", `{a: reduce range(60) as $i ("x"; @html "\(.)\(.)")}`, large},
		{"grown by quoting", `{a: reduce range(60) as $i ("\""; tojson)}`, large},
		{"grown by escaping", `{a: reduce range(60) as $i ("\""; [.] | @csv)}`, large},
		{"grown by gsub", `{a: reduce range(60) as $i ("xx"; gsub("x"; "xx"))}`, ended},
		{"grown by join", `{a: reduce range(60) as $i ("x"; [., .] | join(.[0]))}`, large},
		{"grown by add", `{a: reduce range(60) as $i ("x"; [., .] | add)}`, large},

		{"doubled array", `{a: reduce range(60) as $i ([0]; . + .)}`, large},
		{"array that holds itself twice", `{a: reduce range(60) as $i (0; [., .])}`, large},
		{"object that holds itself twice", `{a: reduce range(60) as $i (0; {a: ., b: .})}`, large},
		{"map that doubles", `{a: reduce range(60) as $i ([0]; map(., .))}`, ended},
		{"assignment that doubles", `{a: reduce range(60) as $i ({}; .a = . | .b = .a)}`, large},
		{"update that doubles", `{a: reduce range(60) as $i ({a: 0}; .a |= [., .])}`, large},
		{"setpath that doubles", `{a: reduce range(60) as $i ({}; setpath(["a"]; .) | setpath(["b"]; .a))}`, large},
		{"comparing what holds itself", `{a: (reduce range(60) as $i (0; [., .]) | . == .)}`, large},
		{"showing what holds itself", `{a: (reduce range(60) as $i (0; [., .]) | tostring)}`, large},
		{"many large values", `{a: [range(1000) | "x" * 8000000]}`, work},
		{"many large values in variables", `def f: ("x" * 8000000) as $x | f as $y | $x; {a: f}`, work},

		{"large index", `.[.n] = 1`, index},
		{"large index by path", `null | setpath([0, 500000000]; 1)`, index},
		{"large index by getpath", `null | getpath([500000000]) |= 1`, index},
		{"large index by arithmetic", `null | .[5e7 * 10] |= 1`, index},
		{"large arrays in arrays", `{a: reduce range(60) as $i (null; .[9999][9999] = .)}`, ended},
		{"index by an array", doubled + `{a: (big | .[big])}`, "uses an array as an index"},

		{"subtracting arrays", doubled + `{a: (big - (big | map(2)))}`, work},
		{"containing arrays", doubled + `{a: ((big | map([.])) | contains(big | map([2])))}`, work},
		{"inside arrays", doubled + `{a: (big | inside(big | map(2)))}`, work},
		{"finding arrays", doubled + `{a: (big | indices(big[1:]))}`, work},
		{"finding texts", `{a: ("x" * 100000 | indices("x" * 50000 + "y"))}`, work},
		{"transposing", doubled + `{a: ([big] + (big | map([])) | transpose)}`, large},
		{"joining", doubled + `{a: (big | map("x") | join("x" * 1000))}`, large},
		{"splitting", `{a: ("x" * 8000000 / "")}`, large},
		{"exploding", `{a: ("x" * 8000000 | explode)}`, large},
		{"decoding", `{a: ("{}," * 1000000 | "[\(.)0]" | fromjson)}`, large},
		{"sorting by large keys", doubled + `big as $k | {a: (big | sort_by($k))}`, work},
		{"deleting many slices", doubled + `{a: (big | del(.[range(10000):]))}`, work},

		{"squared number", `{a: reduce range(60) as $i (99999999999999999999; . * .)}`, digits},
		{"number of a long text", `{a: ("9" * 100000 | tonumber)}`, "at most 100 allowed"},
		{"number of a long JSON text", `{a: ("9" * 100000 | fromjson)}`, digits},
		{"padded time", `{a: (0 | strftime("%1024d" * 1000))}`, "at most 256 allowed"},
		{"zone of the machine", `{a: ("IRST" | strptime("%Z"))}`, "depends on the machine"},

		{"slow pattern", `{a: ("a" * 100000 | gsub("a.*b|a"; ""))}`, slow},
		{"large pattern", `{a: ("a" * 100000 | test("(x{30}){30}y|(a{30}){30}b"))}`, steps},
		{"pattern that matches everywhere", `{a: [range(1000) | "a" * 5000 | gsub(""; "b")]}`, ended},

		{"hidden by try", `{a: (try ("x" * 1e9) catch "fine")}`, large},
		{"hidden by //", `{a: (("x" * 1e9)? // "fine")}`, large},
		{"hidden by first", `first({}, {a: ("x" * 1e9)}) | {a: ("x" * 1e9)}`, large},
		{"tried again and again", `def f: try ("x" * 1e9) catch f; {a: f}`, large},
		{"after the output", `{}, ({a: ("x" * 1e9)} | empty)`, large},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			set, err := load(tt.program)
			if err != nil {
				t.Fatal(err)
			}
			limit := 250 * time.Millisecond
			if tt.want != ended && tt.want != slow {
				limit = time.Minute
			}
			set.SetMaxTime(limit)
			start := time.Now()
			got, err := set.Render(t.Context(), "t", json.RawMessage(`{"n": 500000000}`))
			elapsed := time.Since(start)
			runtime.ReadMemStats(&after)

			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.80s, %v; want %q", got, err, tt.want)
			}
			if errors.Is(err, context.DeadlineExceeded) != (err != nil && err.Error() == slow) {
				t.Errorf("the error wraps %v: %v", errors.Unwrap(err), err)
			}
			// One instruction may run on; the rest is for the race detector
			// on a busy machine.
			if elapsed > limit+3*time.Second {
				t.Errorf("took %v", elapsed)
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 700 {
				t.Errorf("allocated %d MB", mb)
			}
		})
	}
}

// An event may be as large as allowed, of whatever costs most, and an honest
// template still renders it.
func TestLargeEvents(t *testing.T) {
	rows := `{"title":"موتور","points":12,"max":20},`
	event := `{"rows":[` + strings.Repeat(rows, 3000) + `{"title":"x","points":1,"max":2}]}`
	program := `{widgets: [.rows | map(select(.max > 0)) | group_by(.title)[] | {score_row: {title: .[0].title, percentage_score: (([.[].points] | add) * 100 / ([.[].max] | add) | round)}}]}`
	set, err := load(program)
	if err != nil {
		t.Fatal(err)
	}
	set.SetMaxTime(time.Minute)
	got, err := set.Render(t.Context(), "t", json.RawMessage(event))
	want := `{"widgets":[{"score_row":{"percentage_score":50,"title":"x"}},{"score_row":{"percentage_score":60,"title":"موتور"}}]}`
	if err != nil || string(got) != want {
		t.Errorf("got %.200s, %v", got, err)
	}
}
