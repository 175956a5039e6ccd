package main

import "time"

// askTimeout bounds each question to another program.
const askTimeout = 5 * time.Second

// roomProbe is what could be done inside a room of new namespaces; an entry is
// empty if it worked, else it says why not.
type roomProbe struct {
	NFTables string `json:"nftables"`
	Queues   string `json:"queues"`
}
