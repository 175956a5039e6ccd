package main

// candidate is one possible word.
type candidate struct{ word, about string }

// files is what the shell adds to the candidates.
type files int

const (
	noFiles files = iota
	anyFiles
	onlyDirs
	// noSpace lets the user go on with the word.
	noSpace
)

// directive is the last line of an answer: what the shell does with the candidates.
func (f files) directive() string { return [...]string{":none", ":files", ":dirs", ":nospace"}[f] }

// typedValue is the value of a flag that is being typed.
type typedValue struct {
	flag string
	// prefix is what precedes the value in the word: --flag= or nothing.
	prefix string
	word   string
}

func plainWords(prefix string, words []string) []candidate {
	list := make([]candidate, len(words))
	for i, w := range words {
		list[i] = candidate{word: prefix + w}
	}
	return list
}
