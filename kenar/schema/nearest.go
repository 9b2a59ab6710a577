package schema

import (
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/spelling"
)

// A speller finds what was meant. It remembers what it has read: one document
// may have many faults in front of the same thousands of choices.
type speller struct {
	essences map[string]string
}

// nearestChoice is the hint that follows a value that is no choice: the one that
// reads the same, or else the closest. It is a hint alone: which of several
// spellings was meant is not for a program to decide.
func (sp *speller) nearestChoice(got any, choices []Choice) string {
	text, ok := got.(string)
	if !ok {
		text = show(got)
	}
	read := sp.essence(text)
	if read == "" {
		return ""
	}
	for _, c := range choices {
		value, isString := c.Value.(string)
		switch {
		case isString && !ok && value == text:
			return "; put it in quotes"
		case !isString && show(c.Value) == asNumber(text) && ok:
			return "; write " + asNumber(text) + " without quotes"
		case isString && sp.essence(value) == read:
			return "; did you mean " + quote(value) + "? It reads the same, but has other letters, digits or spaces that look alike"
		case sp.essence(c.Title) == read && show(c.Value) != show(got):
			return "; that is the title of " + show(c.Value) + ", give the value"
		}
	}
	values := make([]string, 0, len(choices))
	for _, c := range choices {
		if value, isString := c.Value.(string); isString {
			values = append(values, value)
		}
	}
	if c := sp.closest(text, values); c != "" {
		return "; did you mean " + quote(c) + "?"
	}
	return ""
}

// nearestField is the hint that follows a name that is no field's.
func (sp *speller) nearestField(name string, fields []Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		if f.Title != "" && sp.essence(f.Title) == sp.essence(name) {
			return "; that is the title of " + f.Name + ", give the name"
		}
		names[i] = f.Name
	}
	if c := sp.closest(name, names); c != "" {
		return "; did you mean " + quote(c) + "?"
	}
	const most = 20
	if len(names) == 0 || len(names) > most {
		return ""
	}
	return "; its fields are " + strings.Join(names, ", ")
}

// closest is the one of several texts that a slip could have turned into text,
// or "".
func (sp *speller) closest(text string, known []string) string {
	const most = 64
	from := []rune(sp.essence(text))
	if len(from) == 0 || len(from) > most {
		return ""
	}
	best, bestDistance := "", max(1, min(3, (len(from)+1)/4))+1
	for _, k := range known {
		other := sp.essence(k)
		if n := utf8.RuneCountInString(other) - len(from); n >= bestDistance || -n >= bestDistance {
			continue // as many letters must be added or left out
		}
		// A text of two letters is a slip away from any other.
		to := []rune(other)
		if d := spelling.Levenshtein(from, to); d < bestDistance && d < len(to) {
			best, bestDistance = k, d
		}
	}
	return best
}

// essence is that of s, remembered.
func (sp *speller) essence(s string) string {
	known, ok := sp.essences[s]
	if !ok {
		if sp.essences == nil {
			sp.essences = map[string]string{}
		}
		known = essence(s)
		sp.essences[s] = known
	}
	return known
}

// essence is what a reader sees of a text: letters that look alike are the same
// one, and so are digits of all three kinds; case, spaces and joiners are gone.
func essence(s string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\n', '\u200c', '\u200d', 'ـ':
			return -1
		case 'أ', 'إ', 'ٱ':
			return 'ا'
		case 'ة':
			return 'ه'
		case 'ؤ':
			return 'و'
		}
		return c
	}, strings.ToLower(asciiDigits(persian.Fold(s))))
}

// asciiDigits is s with ASCII digits in place of Persian and Arabic ones.
func asciiDigits(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case '۰' <= c && c <= '۹':
			return c - '۰' + '0'
		case '٠' <= c && c <= '٩':
			return c - '٠' + '0'
		}
		return c
	}, s)
}
