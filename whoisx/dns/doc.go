// Package dns asks the name servers of a TLD whether they delegate a name.
//
// DNS is a hint and never a vote: expired, held and unused names have no
// delegation either, and a delegation can outlive the registration in caches.
// Only the servers of the parent zone are asked, never a cache and never the
// name's own servers, whose owner would learn of the question. What a hint is
// good for is telling early that a name went dark, or that its servers are now
// those of a parking or auction house.
package dns
