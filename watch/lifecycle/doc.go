// Package lifecycle knows how each TLD lets a name go, and says where a name
// stands: answers + rule + history + now → verdict. It is pure: no network,
// no store, no clock of its own.
//
// # What it decides
//
// Decide weighs what sources said (whoisx.Answer) against the rule of the
// name's zone and what was known before, and returns a Verdict: the stage, in
// our words and the registry's, since when, what comes next, when it drops and
// how sure that is, flags, and plain sentences that say why. Remember makes
// what the next look has to know. Poll says when to look again. Timeline draws
// the way from expiry to drop.
//
// Three rules stand above the rest. A name is free only when two of RDAP,
// WHOIS, an EPP check and a registrar's check say that nobody has it, and no
// gate (Dropzone, auction, waiting list) may still be closed. An answer that
// says nothing about the name changes nothing. What is uncertain stays
// uncertain: a day without an hour is never given one.
//
// # Rules are data
//
// rules/*.toml hold one [[rule]] a zone; a person's rules.toml of the same
// shape is laid over them by Book.Overlay. Unknown keys, overlapping stages,
// zones and time zones that do not exist are errors that name file and line.
//
//	checked = "2026-11"              # when the facts were last looked up
//
//	[[rule]]
//	zone = "test"                    # TLD or second-level zone; "*" is the gTLD default
//	like = "com"                     # start from that rule as it stands, change what follows
//	unlisted = true                  # a zone that the public suffix list does not know
//	generic = true                   # ICANN's Specification 5 and RFC 3915 apply
//	auto_renews = true               # the registry moves expiry a year ahead by itself
//	expiry_public = true
//	whois_local_times = true         # WHOIS writes times without a zone, by the clocks of the drop's
//	confidence = { stages = "seen", drop = "memory" }   # seen, or memory: nobody confirmed it
//	sources = ["..."]
//
//	  [[rule.stage]]                 # in the order in which names go through them
//	  name = "redemption"            # the registry's word
//	  maps_to = "redemption"         # expired, redemption, pending-delete or gated
//	  from = "deletion"              # counts from expiry, deletion, or the stage before
//	  lasts = "30d"                  # or min and max; d, h, m, s, ms
//	  until = "month-end"            # it ends with the calendar month, whatever the days
//	  statuses = ["redemptionPeriod", "pendingDelete"]   # EPP words that show it, all of them
//	  said = ["in quarantine"]       # the server's own words that show it
//	  said_after_expiry = ["hold"]   # words that mean something else before
//
//	  [rule.drop]
//	  kind = "window"                # exact, list, fixed-time, window, random, process, unknown
//	  time_zone = "America/New_York"
//	  from = "14:00"
//	  to = "15:00"
//	  day = "date"                   # on the UTC date of the end; "next": first occurrence after it
//	  late = "1d"                    # sources disagree by so much
//	  lead = "60h"                   # a session takes names whose last stage began so long before it
//	  at_expiry = true               # a name on its way out shows its drop as the expiry date
//
// A sandbox TLD is the same with stages of seconds: everything that depends on
// time follows the rule's own durations.
package lifecycle
