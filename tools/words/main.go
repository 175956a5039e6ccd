// Command words checks the English of comments, messages and pages against a list of
// words that readers stumble over.
//
//	words [-n] LIST DIR ...
//
// LIST holds a pattern, the number of places where it may still occur, and plain words
// instead, with two spaces between them. words fails where a pattern occurs more often.
// Where it occurs less often, words asks for the number to be lowered: it may only sink.
// With -n it prints every place of every pattern and never fails.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	all := flag.Bool("n", false, "print every place of every pattern")
	flag.Parse()
	if err := run(*all, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(1)
	}
}

func run(all bool, args []string) error {
	if len(args) < 2 {
		return errors.New("name the list and at least one folder")
	}
	rules, err := readRules(args[0])
	if err != nil {
		return err
	}
	var texts []text
	for _, dir := range args[1:] {
		more, err := gather(dir)
		if err != nil {
			return err
		}
		texts = append(texts, more...)
	}
	failed := false
	for _, r := range rules {
		places := r.find(texts)
		if all {
			fmt.Printf("%d of %d  %s\n", len(places), r.most, r.text)
		}
		if all || len(places) > r.most {
			shown := places
			if !all {
				shown = places[:min(len(places), 20)]
			}
			for _, p := range shown {
				fmt.Printf("%s: write %s\n", p, r.instead)
			}
		}
		if len(places) != r.most {
			failed = failed || len(places) > r.most
			fmt.Printf("%s:%d: %s occurs %d times, the list has %d\n", args[0], r.line, r.text, len(places), r.most)
		}
	}
	if failed && !all {
		return errors.New("rewrite the places above, or lower the number in " + args[0])
	}
	return nil
}
