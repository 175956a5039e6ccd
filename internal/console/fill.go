package console

import "unicode/utf8"

// Fill joins words to lines of at most width characters. A word that is longer has a line
// of its own.
func Fill(words []string, width int) []string {
	var lines []string
	line, columns := "", 0
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		switch {
		case line == "":
			line, columns = word, n
		case columns+1+n <= width:
			line, columns = line+" "+word, columns+1+n
		default:
			lines = append(lines, line)
			line, columns = word, n
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
