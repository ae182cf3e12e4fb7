//go:build pins

package main

// Peers that a benchmark of another room compares with.
import _ "github.com/domainr/epp"
