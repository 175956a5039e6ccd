package starter

import (
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// Question is a part of the answers. A flag of the same name gives the same answer.
type Question struct {
	// Name is that of the flag, and Value names its value.
	Name, Value string
	// Text asks, and About describes the flag.
	Text, About string
	// Choices are the possible answers; nil if the answer is free.
	Choices func(Answers) []Choice
	// Default is the answer of a user who gives none.
	Default func(Answers) string
	// Applies is false if earlier answers leave nothing to ask; nil if it always applies.
	Applies func(Answers) bool
	// Follows is true of a question that completes the one before.
	Follows bool
	// Set puts an answer into a. The error says what is wrong with it.
	Set func(a *Answers, answer string) error
}

// Questions are all questions, in the order in which they depend on each other.
func Questions() []Question {
	return []Question{place(), context(), address(), shards(), replicas(), rate(), profile(), fault(), outage()}
}

func place() Question {
	return Question{
		Name: "cluster", Value: "PROVIDER", Text: "Where do the nodes run?",
		About:   "run the nodes in `PROVIDER`: local, kind, kube or attach",
		Choices: func(Answers) []Choice { return Places() },
		Default: func(a Answers) string { return a.Place },
		Set: func(a *Answers, answer string) (err error) {
			a.Place, err = oneOf(answer, Places())
			return err
		},
	}
}

func context() Question {
	return Question{
		Name: "context", Value: "NAME", Text: "Which context of your kubeconfig? Enter takes the current one", Follows: true,
		About:   "with --cluster kube: use the context `NAME` of the kubeconfig; default: the current one",
		Default: func(a Answers) string { return a.Context },
		Applies: func(a Answers) bool { return a.Place == "kube" },
		Set: func(a *Answers, answer string) error {
			a.Context = answer
			return nil
		},
	}
}

func address() Question {
	return Question{
		Name: "attach", Value: "HOST:PORT", Text: "The address of one of its nodes?", Follows: true,
		About:   "use the existing cluster of the node at `HOST:PORT`; means --cluster attach",
		Default: func(a Answers) string { return a.Address },
		Applies: func(a Answers) bool { return a.Place == "attach" },
		Set: func(a *Answers, answer string) error {
			host, port, err := net.SplitHostPort(answer)
			if n, perr := strconv.Atoi(port); err != nil || perr != nil || host == "" || n < 1 || n > 65535 {
				return fmt.Errorf("%q is no address: write HOST:PORT, such as 10.0.0.1:6379", answer)
			}
			a.Address = answer
			return nil
		},
	}
}

// deployed is true of nodes that slotstorm starts, so that their number is free.
func deployed(a Answers) bool { return a.Place != "attach" }

func shards() Question {
	return Question{
		Name: "shards", Value: "N", Text: "How many shards? Each has one primary",
		About:   "make `N` shards, 3 to 100",
		Default: func(a Answers) string { return strconv.Itoa(a.Shards) },
		Applies: deployed,
		Set: func(a *Answers, answer string) (err error) {
			a.Shards, err = whole(answer, 3, 100)
			return err
		},
	}
}

func replicas() Question {
	return Question{
		Name: "replicas", Value: "N", Text: "How many replicas of each primary?", Follows: true,
		About:   "give each primary `N` replicas, 0 to 5",
		Default: func(a Answers) string { return strconv.Itoa(a.Replicas) },
		Applies: deployed,
		Set: func(a *Answers, answer string) (err error) {
			a.Replicas, err = whole(answer, 0, 5)
			return err
		},
	}
}

// thousands is a number whose digits are parted by commas, in groups of three.
var thousands = regexp.MustCompile(`^[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]+)?$`)

func rate() Question {
	return Question{
		Name: "rate", Value: "N", Text: "How many requests per second?",
		About:   "send `N` requests per second",
		Default: func(a Answers) string { return draft{a}.Requests() },
		Set: func(a *Answers, answer string) error {
			if strings.Contains(answer, ",") && !thousands.MatchString(answer) {
				return fmt.Errorf("%q is no rate: a comma parts thousands, as in 10,000; write decimals with a point", answer)
			}
			n, err := strconv.ParseFloat(strings.ReplaceAll(answer, ",", ""), 64)
			if err != nil || !(n >= 1 && n <= 10_000_000) {
				return fmt.Errorf("%q is no rate: write a number from 1 to 10000000", answer)
			}
			a.Rate = math.Round(n)
			return nil
		},
	}
}

func profile() Question {
	return Question{
		Name: "profile", Value: "NAME", Text: "What do the requests do?",
		About:   "send the requests of profile `NAME`, which docs/profiles.md describes",
		Choices: func(Answers) []Choice { return Profiles() },
		Default: func(a Answers) string { return a.Profile },
		Set: func(a *Answers, answer string) (err error) {
			a.Profile, err = oneOf(answer, Profiles())
			return err
		},
	}
}

func fault() Question {
	return Question{
		Name: "fault", Value: "NAME", Text: "Which failure do you want to rehearse?",
		About:   "inject the fault `NAME`; on an existing cluster failover or none",
		Choices: possible,
		Default: func(a Answers) string {
			if a.Fault != "" {
				return a.Fault
			}
			return possible(a)[0].Name
		},
		Set: func(a *Answers, answer string) error {
			if answer = strings.TrimSpace(answer); has(Faults(), answer) && !has(possible(*a), answer) {
				if !has(FaultsAt(a.Place), answer) {
					return fmt.Errorf("%s is not possible on a cluster that slotstorm did not start: choose one of %s", answer, names(possible(*a)))
				}
				return fmt.Errorf("%s needs a replica of each primary: choose one of %s, or give each primary a replica", answer, names(possible(*a)))
			}
			name, err := oneOf(answer, possible(*a))
			a.Fault = name
			return err
		},
	}
}

// possible are the faults that the answers before leave.
func possible(a Answers) []Choice {
	return slices.DeleteFunc(FaultsAt(a.Place), func(c Choice) bool { return deployed(a) && c.Needs > a.Replicas })
}

func outage() Question {
	return Question{
		Name: "outage", Value: "DURATION", Text: "How long may a shard refuse writes? Longer fails the run",
		About:   "fail the run if a shard refuses writes for longer than `DURATION`, 100ms to 1h",
		Default: func(a Answers) string { return a.Outage.String() },
		Set: func(a *Answers, answer string) error {
			d, err := time.ParseDuration(answer)
			if err != nil || d < 100*time.Millisecond || d > time.Hour {
				return fmt.Errorf("%q is no duration from 100ms to 1h: write it as 500ms, 10s or 2m", answer)
			}
			a.Outage = d
			return nil
		},
	}
}

func whole(answer string, least, most int) (int, error) {
	n, err := strconv.Atoi(answer)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q is no whole number from %d to %d", answer, least, most)
	}
	return n, nil
}

func oneOf(answer string, list []Choice) (string, error) {
	if has(list, answer) {
		return answer, nil
	}
	var near string
	for _, c := range list {
		if spelling.Distance(answer, c.Name) <= 1+len(answer)/4 {
			near = fmt.Sprintf(" (did you mean %s?)", c.Name)
		}
	}
	if answer == "" {
		return "", errors.New("choose one of " + names(list))
	}
	return "", fmt.Errorf("%q is not a choice%s: choose one of %s", answer, near, names(list))
}

func has(list []Choice, name string) bool {
	return slices.ContainsFunc(list, func(c Choice) bool { return c.Name == name })
}

func names(list []Choice) string {
	var words []string
	for _, c := range list {
		words = append(words, c.Name)
	}
	return strings.Join(words, ", ")
}
