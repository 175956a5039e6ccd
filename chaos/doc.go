// Package chaos injects faults. Each goes through the same steps, and each step
// is in the journal on disk before it acts:
//
//	Plan ─▶ at its time: check ─▶ inject ─▶ prove ─▶ hold ─▶ heal ─▶ verify ─▶ results.Fault
//
// A fault whose time has passed when its check ends is refused: it would act
// outside of the load that it was planned for. A fault that acts is healed even
// if nothing can be recorded any more. A fault that cannot be proved, or whose healing cannot be verified, says so in
// its status; a run with such a fault cannot pass.
//
// What is the same for every place is here: who is meant by a target (Aim), how
// much may be away at once (blast.go), and the steps. How to act is the engines'.
package chaos
