package template_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/itchyny/gojq"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// A template means what jq means by it: each program yields what the
// interpreter makes of it without rewriting.
func TestMeansTheSame(t *testing.T) {
	event := `{"n": 12345678901234567890123, "f": 1.50, "s": "یک دو،سه", "a": [3, 1, 2], "o": {"b": [1, {"c": null}], "a": true}}`
	for _, program := range []string{
		`.`, `.o`, `{n, f, s}`, `{"x\(.f)": .n}`, `{(.s): 1}`, `{"s"}`,
		// Operators; both operands yield several values.
		`{x: [(1, 2) + (10, 20)]}`, `{x: [(1, 2) - (10, 20)]}`, `{x: [(1, 2) * (10, 20)]}`, `{x: [(1, 2) / (10, 20)]}`, `{x: [(7, 8) % (3, 5)]}`,
		`{x: (.n + 1), y: (.n - 1), z: (.n * 2), w: -.n, v: (.n / 1)}`,
		`{x: ("a,b" / ","), y: ("ab" * 3), z: (.o * {b: {c: 1}}), w: (.a - [1])}`,
		`{x: ("ab" * 0), y: ("ab" * -1), z: (null + 1), w: ({} + .o)}`,
		`{x: (.a < [4]), y: (.o == .o), z: (.a | sort), w: (.a | index(2))}`,
		// Updates.
		`.a[1] = 9`, `.a[1:] = [7]`, `.o.b[1].c |= 5`, `.a[] += 1`, `.a[] -= 1`, `.a[] *= 2`, `.a[] /= 2`, `.a[] %= 2`, `.x //= 4`,
		`.a |= map(. + 1)`, `.o |= with_entries(.key += "x")`, `.a += [1] | .a += [2]`, `{x: [.a[0] += (1, 2)]}`, `.. |= .`, `.a[] |= empty`,
		`del(.a[0], .o.b)`, `del(.. | select(. == null))`, `to_entries | from_entries`, `pick(.o.b[0])`, `delpaths([["a", 0], ["s"]])`,
		`setpath(["o", "z"]; 1)`, `getpath(["a", 1]) |= 8`, `{x: [path(getpath(["o", "a"]))], y: getpath(["q", "r"])}`,
		`{x: [paths], y: [paths(type == "number")], z: [path(..)]}`, `{x: [path(.a[] | select(. > 1))]}`, `{x: [path(first(.a[] | select(. == 2)))]}`,
		`map_values(type)`, `walk(if type == "array" then sort else . end)`, `first(.o, .a)`,
		// Built-ins written again.
		`{x: (.a | map(. * 2) | add), y: add(.a[]), z: ([.a[] | {k: ., v: 1}] | INDEX(.k))}`,
		`{x: (.a | sort_by(-.)), y: (.a | min_by(-.)), z: (.a | max_by(-.)), w: (.a | group_by(. > 1)), v: (.a | unique_by(. % 2))}`,
		`{x: [[1, 2], [3, 4] | .] | [combinations], y: ([0, 1] | [combinations(2)])}`,
		`{x: [limit(3; repeat(1))], y: [2 | while(. < 100; . * .)], z: (2 | until(. > 100; . * .)), w: [1 | recurse(if . < 4 then . + 1 else empty end)]}`,
		`{x: [2 | recurse(. * .; . < 100)], y: [.o | ..], z: [.o | recurse]}`,
		`{x: (.s | test("دو")), y: (.s | [match("[یک]"; "g") | .offset]), z: (.s | capture("(?<first>\\S+) (?<rest>.*)"))}`,
		`{x: (.s | sub("،"; ", ")), y: (.s | gsub("\\s|،"; "-")), z: ("aXbX" | gsub("(?<l>X)"; "<\(.l)>")), w: ("ABab" | gsub("a"; "z"; "i"))}`,
		`{x: (.s | [scan("\\w")]), y: ("a1b22" | [scan("[0-9]+")]), z: ("a1b22" | [scan("([a-z])([0-9]+)")]), w: [("a, b" | splits(", *"))], v: ("aXbxc" | split("x"; "i"))}`,
		`{x: ("" | gsub(""; "-")), y: ("abc" | gsub(""; "-")), z: ("abc" | gsub("^"; ">")), w: ("abc" | sub("$"; "<"))}`,
		`{x: ("a,b" | split(",")), y: (.a | join("-")), z: (["a", null, 1, true] | join("/")), w: ([] | join(","))}`,
		`{x: ("foobar" | contains("bar")), y: (.o | contains({a: true})), z: ("a" | inside("abc")), w: ([1, 2, 1, 2] | indices([1, 2])), v: ("abab" | indices("ab"))}`,
		`{x: ("abab" | index("b")), y: ("abab" | rindex("b")), z: ([[1, 2], [3]] | transpose), w: (.a | bsearch(2))}`,
		`{x: (.s | explode | implode), y: (.o | tojson | fromjson), z: ("12" | tonumber), w: ([1, [2, [3]]] | flatten, flatten(1))}` + ` | .w |= tostring`,
		`{x: (0 | todate), y: ("2026-08-18T07:30:00Z" | fromdate), z: (0 | strftime("%A %d")), w: ("10:11 +0330" | strptime("%H:%M %z") | mktime), v: (0 | gmtime)}`,
		`{x: ("a b" | @uri, @html, @base64, @json, @sh) } | .`, `{x: ([1, "a"] | @csv), y: ([1, "a"] | @tsv), z: @json "v=\(.a)", w: ("YQ" | @base64d)}`,
		`{x: (.o | keys, length), y: (.a | reverse)} | .`, `{x: (.s | ascii_upcase, utf8bytelength, length, ltrimstr("ی"))} | .`,
		// Control.
		`{x: (try error("no") catch .), y: (.f.g? // "none"), z: [.a[] | if . == 1 then "one" elif . == 2 then "two" else empty end]}`,
		`{x: (label $out | foreach .a[] as $i (0; . + $i; if . > 3 then ., break $out else . end))} | .`,
		`. as {a: [$x, $y], o: {$b}} | {$x, $y, $b}`, `.a as [$x] ?// $x | {$x}`, `def f(g; $k): def h: g + $k; h; {x: f(.a[0]; 2)}`,
		`{x: reduce .a[] as $i (0; . + $i), y: [range(3), range(1; 3), range(0; 10; 4)], z: ([.a[] | select(IN(1, 2))] | all(. < 3))}`,
		`def map(f): "mine"; {x: ([1] | map(.))}`, `def test(p): p; {x: test(.s)}`, `def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; {x: (30 | fac)}`,
		`{x: (.a[1:] , .s[0:2], .a[-1:])} | .`, `{x: .a[.a[1]], y: .o["a"], z: .a[-1], w: .["s"]}`, `{x: ([nan] | sort), y: (infinite | isinfinite), z: (2 | pow(.; 10), sqrt, floor)} | .`,
	} {
		t.Run(program, func(t *testing.T) {
			want, wantErr := interpret(program, event)
			got, err := render(t, program, event)
			switch {
			case wantErr != nil:
				if err == nil {
					t.Errorf("got %s, want the error %v", got, wantErr)
				}
			case err != nil:
				t.Errorf("got the error %v, want %s", err, want)
			case string(got) != want:
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// interpret runs a program as it is. An error is also what yields anything but
// one object.
func interpret(program, event string) (string, error) {
	query, err := gojq.Parse(program)
	if err != nil {
		return "", err
	}
	d := json.NewDecoder(strings.NewReader(event))
	d.UseNumber()
	var input any
	if err := d.Decode(&input); err != nil {
		return "", err
	}
	var all []any
	outputs := query.RunWithContext(context.Background(), input)
	for {
		v, ok := outputs.Next()
		if !ok {
			break
		}
		if err, ok := v.(error); ok {
			return "", err
		}
		all = append(all, v)
	}
	if len(all) != 1 || gojq.TypeOf(all[0]) != "object" {
		return "", fmt.Errorf("yields %d values", len(all))
	}
	data, err := gojq.Marshal(all[0])
	return string(data), err
}

func TestRenderErrors(t *testing.T) {
	const event = `{"vin": "NAAM01CA8BE123456", "phone": 9121234567, "short": 12}`
	tests := []struct{ name, program, want string }{
		{"nothing", `empty`, "t.jq: yields nothing; it must yield exactly one object, the data of the add-on"},
		{"two objects", `{}, {}`, "t.jq: yields more than one value; it must yield exactly one object, the data of the add-on"},
		{"an object, then an error", `{}, error("late")`, "t.jq: refuses the event: late"},
		{"null", `.absent`, "t.jq: yields null; it must yield exactly one object, the data of the add-on"},
		{"array", `[.]`, "t.jq: yields one array; it must yield exactly one object, the data of the add-on"},
		{"text", `"{}"`, "t.jq: yields one string; it must yield exactly one object, the data of the add-on"},
		{"own error", `error("no report for \(.vin[:4])…")`, "t.jq: refuses the event: no report for NAAM…"},
		{"own error on two lines", `error("a\nb")`, "t.jq: refuses the event: a b"},
		{"own error of an object", `error({vin})`, "t.jq: refuses the event with a value that is not a text; give error(…) a text"},
		{"own long error", `error("x" * 1000)`, "t.jq: refuses the event: " + strings.Repeat("x", 199) + "…"},
		{"break out of nothing", `label $f | def g: break $f; g`, "t.jq: yields nothing; it must yield exactly one object, the data of the add-on"},
		// What the interpreter shows of the event stays here.
		{"field of a text", `.vin.x`, `t.jq: fails: expected an object but got: string (…)`},
		{"text and number", `{a: (.vin + .short)}`, `t.jq: fails: cannot add: string (…) and number (12)`},
		{"long number", `{a: (.phone + {})}`, `t.jq: fails: cannot add: number (…) and object ({})`},
		{"cut off in an array", `{a: ([.vin, .vin, .vin] + 1)}`, `t.jq: fails: cannot add: array ([…,…`},
		{"wrapped", `{a: (.vin | tonumber)}`, `t.jq: fails: tonumber cannot be applied to …: invalid number`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := render(t, tt.program, event)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
			var e *template.Error
			if !errors.As(err, &e) || e.File != "t.jq" {
				t.Errorf("the error is a %T", err)
			}
		})
	}
}

func TestBadEvents(t *testing.T) {
	tests := []struct{ name, event, want string }{
		{"empty", ``, "it is not JSON: EOF"},
		{"broken", `{"a": `, "it is not JSON: unexpected EOF"},
		{"two values", `{} {}`, "there is more after the first value"},
		{"too large", `"` + strings.Repeat("x", template.MaxEvent) + `"`, "it is 1048578 bytes long, at most 1048576 allowed"},
		{"long number", `{"a": [1` + strings.Repeat("0", 100) + `]}`, "it has a number of 101 digits, at most 100 allowed"},
		{"deep", strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "exceeded max depth"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := render(t, `{}`, tt.event)
			if err == nil || !strings.HasPrefix(err.Error(), "t.jq: cannot read the event: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestOutputLimit(t *testing.T) {
	event, err := json.Marshal(map[string]string{"a": strings.Repeat("x", template.MaxOutput-len(`{"a":""}`))})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := render(t, `.`, string(event)); err != nil || len(got) != template.MaxOutput {
		t.Errorf("an output of the largest size: %d bytes, %v", len(got), err)
	}
	_, err = render(t, `.a += "x"`, string(event))
	if want := "t.jq: yields 262145 bytes, at most 262144 allowed"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestContext(t *testing.T) {
	set, err := load(`{a: [range(10000)] | length}`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = set.Render(ctx, "t", json.RawMessage(`{}`))
	if !errors.Is(err, context.Canceled) || err.Error() != "t.jq: was interrupted" {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 0)
	defer cancel()
	_, err = set.Render(ctx, "t", json.RawMessage(`{}`))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time: %v", err)
	}
}

// One Set serves many goroutines, and the same event always gives the same
// bytes.
func TestRepeatable(t *testing.T) {
	set, err := load(`{z: [.. | numbers], y: (to_entries | map({(.key): .value}) | add), x: ([.[] | tojson] | sort), w: (.s | gsub("b"; "B"))}`)
	if err != nil {
		t.Fatal(err)
	}
	event := json.RawMessage(`{"s": "abc", "q": 1, "w": {"e": 2.50, "r": [3e2, 0.1]}, "t": null, "u": 7}`)
	want, err := set.Render(context.Background(), "t", event)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				got, err := set.Render(context.Background(), "t", event)
				if err != nil || string(got) != string(want) {
					t.Errorf("got %s, %v; want %s", got, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}
