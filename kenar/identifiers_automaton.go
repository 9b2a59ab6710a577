package kenar

import (
	"cmp"
	"slices"
)

// An automaton finds any number of words in one pass over a text (Aho and
// Corasick, Efficient string matching, 1975). The cost is that of reading the
// text, whatever the words are and however often they occur. The zero value
// has no words; link is called once, after the last of them.
type automaton struct {
	nodes []node         // of the tree of words; the first is the root
	edges map[edge]int32 // to a node
}

// A node is a state: what was read last is the beginning of a word, up to this
// node, and of no longer one.
type node struct {
	edge          // that leads here
	depth   int32 // in characters
	fail    int32 // the node of the longest end of this one that begins a word
	longest int32 // the length of the longest word that ends here, 0 if none does
}

type edge struct {
	from int32
	r    rune
}

func (a automaton) empty() bool { return len(a.nodes) == 0 }

func (a *automaton) add(word []rune) {
	if a.empty() {
		a.nodes, a.edges = []node{{}}, map[edge]int32{}
	}
	var at int32
	for _, r := range word {
		e := edge{at, r}
		to, ok := a.edges[e]
		if !ok {
			to = int32(len(a.nodes))
			a.nodes = append(a.nodes, node{edge: e, depth: a.nodes[at].depth + 1})
			a.edges[e] = to
		}
		at = to
	}
	a.nodes[at].longest = int32(len(word))
}

// link sets where each node falls back to. It goes by depth: what a node falls
// back to is nearer to the root.
func (a *automaton) link() {
	order := make([]int32, len(a.nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return cmp.Compare(a.nodes[i].depth, a.nodes[j].depth) })
	for _, i := range order {
		n := &a.nodes[i]
		if n.depth > 1 {
			n.fail, _ = a.next(a.nodes[n.from].fail, n.r)
		}
		if n.longest == 0 { // else it is longer than all that end with it
			n.longest = a.nodes[n.fail].longest
		}
	}
}

// next returns the state after a character, and how many states were tried to
// find it: no more than two for each character of a text, taken together.
func (a automaton) next(state int32, r rune) (next int32, steps int) {
	for {
		steps++
		if to, ok := a.edges[edge{state, r}]; ok {
			return to, steps
		}
		if state == 0 {
			return 0, steps
		}
		state = a.nodes[state].fail
	}
}

// word returns the length of the longest word that ends in a state, 0 if none
// does.
func (a automaton) word(state int32) int { return int(a.nodes[state].longest) }
