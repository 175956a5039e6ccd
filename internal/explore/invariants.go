package explore

import "strings"

// Violation is an invariant that a run broke.
type Violation struct {
	// Rule names the invariant, one of Rules. Subject says where it was broken, in words
	// that are the same in every run: "promotions". Both together are what a search looks
	// for again.
	Rule    string `json:"rule"`
	Subject string `json:"subject,omitempty"`
	// The violation in a sentence, with the figures of this run.
	What string `json:"what"`
}

// Key is the same for two violations of one kind.
func (v Violation) Key() string { return strings.TrimSuffix(v.Rule+": "+v.Subject, ": ") }

// The invariants.
const (
	RuleCrash    = "crash"       // slotstorm does not crash
	RuleHang     = "hang"        // a run ends
	RuleError    = "error"       // a valid scenario runs, and ends with an exit code of a run
	RuleLeft     = "left behind" // a run leaves only its folder
	RuleBundle   = "bundle"      // the folder is whole, sealed, and readable
	RuleRepeats  = "repeats"     // the same folder gives the same report
	RuleWitness  = "witness"     // the report agrees with the servers' own records
	RuleLedger   = "ledger"      // each audited write is accounted for
	RuleLoss     = "loss"        // nothing is lost without a cause
	RuleFault    = "fault"       // a fault acts, and is healed
	RuleWhole    = "whole"       // the cluster is whole before the load and after healing
	RuleEvidence = "evidence"    // the verdict has reasons, and each figure has evidence
)

// Rules are the invariants with what they demand, in the order of their weight.
var Rules = []struct{ Rule, Demand string }{
	{RuleCrash, "slotstorm does not crash"},
	{RuleHang, "the run ends"},
	{RuleError, "the run ends with the exit code of a verdict"},
	{RuleLeft, "the run leaves no process and no file outside its folder"},
	{RuleBundle, "the folder of the run is whole, sealed and readable"},
	{RuleRepeats, "the folder gives the same report again"},
	{RuleWitness, "the report agrees with the servers' own records"},
	{RuleLedger, "each audited write is accounted for"},
	{RuleLoss, "no acknowledged write is lost, repeated or invented without a cause"},
	{RuleFault, "each fault that acts alone is proved, and each fault is healed"},
	{RuleWhole, "the cluster is whole before the load and after healing"},
	{RuleEvidence, "the verdict has its reasons, each second its record, and each failover its steps in order"},
}
