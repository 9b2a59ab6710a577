package kenar

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// Identifiers are the identifiers of a vehicle or a property that a document
// holds in clear text under the keys that are masked. They are kept to find
// the same values elsewhere, in a text that would show them to everybody. The
// zero value holds none. Identifiers do not change, and may be used by many
// goroutines at once.
type Identifiers struct {
	words   automaton           // those with a letter
	numbers map[string]struct{} // those of digits only
	hashes  automaton           // the values that are hashed already

	masked map[string]string // what is sent for a whole value, by its normalised form
}

// What is searched for, in characters. A shorter identifier occurs in texts by
// chance, and what is longer identifies nothing: even a hash has only 64.
const (
	minIdentifier = 5
	minNumber     = 6
	maxIdentifier = 256
)

// maxShown is how many places Shown names. A document may have one in every
// few bytes, each with a path as long as the document is deep.
const maxShown = 100

// Removed stands in a document for an identifier that stood in a text. A text
// with it must not be sent: its reader would wonder.
const Removed = "•••removed•••"

// FindIdentifiers returns the identifiers that JSON documents hold at whatever
// depth. Values of fewer than 5 characters, or 6 digits, and of more than 256
// are left out.
func FindIdentifiers(docs ...[]byte) (Identifiers, error) {
	ids := Identifiers{numbers: map[string]struct{}{}, masked: map[string]string{}}
	for _, doc := range docs {
		err := walkStrings(doc, func(s docString) {
			if s.key != "" {
				ids.add(s.key, s.text)
			}
		})
		if err != nil {
			return Identifiers{}, err
		}
	}
	ids.words.link()
	ids.hashes.link()
	return ids, nil
}

// add makes ids search for a value and, where it has several, for each of its
// parts.
func (ids *Identifiers) add(key, value string) {
	if strings.Contains(value, "|") {
		for part := range strings.SplitSeq(value, "|") {
			ids.addWord(part)
		}
	}
	if clear := ids.addWord(value); !clear {
		return
	}
	if hash, err := Mask(key, value); err == nil { // else there is none to send
		ids.masked[normalize(value)] = hash
	}
}

// addWord reports whether word is one to search for, and not hashed.
func (ids *Identifiers) addWord(word string) (clear bool) {
	var (
		text   []rune
		number = true
	)
	for _, l := range (reading{text: word}).letters() {
		text = append(text, l.r)
		number = number && isDigit(l.r)
	}
	switch n := len(text); {
	case n < minIdentifier, n < minNumber && number, n > maxIdentifier:
		return false
	case isMark(string(text)):
		return false
	case isHash(normalize(word)):
		ids.hashes.add(text)
		return false
	case number:
		ids.numbers[string(text)] = struct{}{}
	default:
		ids.words.add(text)
	}
	return true
}

// isMark reports whether a value is what stands for a value that was removed,
// or has it within. It identifies nothing, and to look for it would be to find
// one's own marks.
func isMark(folded string) bool {
	return strings.Contains(folded, "•") || strings.Contains(strings.ToUpper(Removed), folded)
}

// Shown returns the paths of the strings of a JSON document, such as
// widgets[2].title_row.text, in which an identifier or its hash can be read, a
// hundred of them at most.
//
// However an identifier is spelled, it is found: case, accents, the kind of
// digits, full-width and other compatible characters, what is not seen, blanks
// and dashes within, and percent-encoding do not matter. One of digits only is
// not found in a longer number.
func (ids Identifiers) Shown(doc []byte) ([]string, error) {
	var paths []string
	if ids.empty() {
		return nil, nil
	}
	err := walkStrings(doc, func(s docString) {
		if s.key != "" || len(paths) == maxShown {
			return
		}
		var found search
		found.hashes(ids, s.text)
		found.clear(ids, s.text)
		if len(found.spans) > 0 {
			paths = append(paths, s.path())
		}
	})
	return paths, err
}

func (ids Identifiers) empty() bool {
	return ids.words.empty() && ids.hashes.empty() && len(ids.numbers) == 0
}

// Redact replaces every identifier in a text, in whatever spelling Shown finds
// it, by [Removed], and leaves every other byte as it is. Identifiers that
// overlap become one. Hashes stay. Redacting twice is redacting once.
func (ids Identifiers) Redact(text string) string {
	var found search
	return found.redact(ids, text)
}

// redactJSON is Redact for every string of a valid JSON document, but those
// under the keys that are masked, which are left as they are. A string that is
// nothing but an identifier becomes its hash, as it would under its key: some
// producer has another name for it.
func (ids Identifiers) redactJSON(doc []byte) ([]byte, error) {
	if ids.empty() {
		return doc, nil
	}
	var out []byte
	done := 0
	err := walkStrings(doc, func(s docString) {
		if s.key != "" {
			return
		}
		clean, ok := ids.masked[normalize(s.text)]
		if !ok {
			clean = ids.Redact(s.text)
		}
		if clean == s.text {
			return
		}
		quoted, err := encode(clean, nil)
		if err != nil {
			quoted = []byte(`"` + Removed + `"`)
		}
		out = append(append(out, doc[done:s.start]...), quoted...)
		done = s.end
	})
	return append(out, doc[done:]...), err
}

// A span is a part of a text, in bytes.
type span struct{ start, end int }

// A search looks for identifiers in one text.
type search struct {
	spans []span // where they stand; in no order, and they may overlap
	steps int    // what it took: characters looked at, and states of automata
}

// redact is Identifiers.Redact. One identifier may be found only when another
// that touched it is gone: 701234 in AB-551701234, when AB-551 is one
// too. There are few such rounds, however long the text: a word may set free a
// number, and that one a number in groups.
func (s *search) redact(ids Identifiers, text string) string {
	for {
		s.spans = s.spans[:0]
		s.clear(ids, text)
		if len(s.spans) == 0 {
			return text
		}
		slices.SortFunc(s.spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
		var b strings.Builder
		done := 0
		for i, f := range s.spans {
			if i == 0 || f.start >= done {
				b.WriteString(text[done:f.start])
				b.WriteString(Removed)
			}
			done = max(done, f.end)
		}
		b.WriteString(text[done:])
		text = b.String()
	}
}

// clear looks for the identifiers that must not be read in clear text. The
// letters of an image or a hash mean nothing.
func (s *search) clear(ids Identifiers, text string) {
	if ids.words.empty() && len(ids.numbers) == 0 || isHash(normalize(text)) {
		return
	}
	for letters := range readings(visible(text)) {
		s.words(ids.words, letters)
		s.numbers(ids.numbers, letters)
	}
}

// hashes looks for the values that are hashed already.
func (s *search) hashes(ids Identifiers, text string) {
	if ids.hashes.empty() {
		return
	}
	for letters := range readings(visible(text)) {
		s.words(ids.hashes, letters)
	}
}

// visible is the part of a text that somebody may read: all of it, but of an
// image within a text just what comes before its bytes.
func visible(text string) string {
	const scheme = "data:" // an image may have an https URL too, which is read
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) || !widgets.IsImageSource(text) {
		return text
	}
	head, _, _ := strings.Cut(text, ",")
	return head
}

// words adds where a word ends in letters: the longest that ends there, of
// which the others are part.
func (s *search) words(words automaton, letters []letter) {
	if words.empty() {
		return
	}
	var state int32
	for i, l := range letters {
		next, steps := words.next(state, l.r)
		state, s.steps = next, s.steps+steps
		if n := words.word(state); n > 0 {
			s.spans = append(s.spans, span{letters[i+1-n].start, l.end})
		}
	}
}

// numbers adds the numbers of letters that are wanted. A number ends where
// there is no further digit, or one that stands apart: 701234 is in "701234
// 1401" and "701234/12", not in 1701234 or 35.701234. Digits in groups are
// read as one number besides, and in no other way: 70 12 34 is one, and not a
// part of 1 70 12 34.
func (s *search) numbers(numbers map[string]struct{}, letters []letter) {
	if len(numbers) == 0 {
		return
	}
	var digits []byte // of the groups up to here, one after the other
	first, group := 0, 0
	add := func(from, to int) {
		if _, ok := numbers[string(digits[from-first:])]; ok {
			s.spans = append(s.spans, span{letters[from].start, letters[to-1].end})
		}
	}
	for i := range len(letters) + 1 {
		s.steps++
		digit := i < len(letters) && isDigit(letters[i].r)
		if len(digits) > 0 && (!digit || letters[i].apart) {
			add(group, i)
			group = i
		}
		if len(digits) > 0 && !digit {
			add(first, i)
			digits = digits[:0]
		}
		if digit {
			if len(digits) == 0 {
				first, group = i, i
			}
			digits = append(digits, byte(letters[i].r))
		}
	}
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
