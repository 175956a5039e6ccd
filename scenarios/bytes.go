package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// multiples are the suffixes of Kubernetes quantities that bytes can have. Source: its API
// conventions, "Quantity". There m is a thousandth, and K alone is none.
var multiples = map[string]float64{
	"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60,
}

// Bytes is the number that a Kubernetes quantity such as 64Mi stands for, rounded up.
func Bytes(quantity string) (int64, error) {
	number := strings.TrimRight(quantity, "kKMGTPEi")
	times, known := multiples[quantity[len(number):]]
	n, err := strconv.ParseFloat(number, 64)
	if !known || err != nil || n < 0 || n*times >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is no quantity", quantity)
	}
	return int64(math.Ceil(n * times)), nil
}
