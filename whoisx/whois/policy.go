package whois

import (
	"strings"
	"sync"
	"unicode"

	"github.com/lapse-dev/lapse/whoisx"
)

// Servers state what is the case of this question, and tell what would be of
// others: "if you exceed the limit, your address will be blocked", "for reserved
// names see ...". Such policies conclude nothing where an answer states
// something.

// stated reads a line for what it states of this question. What it tells of
// others comes back as policy.
func (r *reader) stated(t string) (s, policy outcomeLine) {
	s = r.sentence(t)
	if s.outcome == "" || s.outcome == whoisx.NotRegistered || !r.tellsOfOthers(t, s.outcome) {
		return s, policy
	}
	policy, s = s, outcomeLine{}
	for t != "" {
		var one string
		one, t = cutSentence(t)
		if c := r.statedIn(one); c.stronger(s) {
			s = c
		}
	}
	return s, policy
}

// statedIn reads one sentence. Left out are clauses that tell what may or will
// be, and whatever follows a condition.
func (r *reader) statedIn(sentence string) (best outcomeLine) {
	whole := r.sentence(sentence)
	switch {
	case whole.outcome == "" || whole.outcome == whoisx.NotRegistered || !r.tellsOfOthers(sentence, whole.outcome):
		return whole
	case aboutNames(whole.outcome), measured(string(r.norm)):
		return best
	}
	for conditional := false; sentence != "" && !conditional; {
		var clause string
		clause, sentence = cutClause(sentence)
		clause, conditional = cutCondition(clause)
		if general(clause) {
			continue
		}
		if c := r.sentence(clause); c.outcome != whoisx.NotRegistered && c.stronger(best) {
			best = c
		}
	}
	return best
}

// stronger reports whether s says something that outranks what o says.
func (s outcomeLine) stronger(o outcomeLine) bool {
	return s.outcome != "" && (o.outcome == "" || s.rank < o.rank)
}

// aboutNames reports whether an outcome is a property of a name, not of whoever
// asks or of the server.
func aboutNames(o whoisx.Outcome) bool { return ranks[o] >= ranks[whoisx.Blocked] }

// tellsOfOthers reports whether a text that says an outcome might not say it of
// this question.
func (r *reader) tellsOfOthers(t string, o whoisx.Outcome) bool {
	_, conditional := cutCondition(t)
	if aboutNames(o) {
		return (conditional || explains(t)) && !r.containsName(t) && !holdsAny(strings.ToLower(t), thisName[:])
	}
	if conditional || general(t) {
		return true
	}
	r.normalise(t)
	return measured(string(r.norm))
}

// conditions begin what is said of a case that need not be this one: the words
// of the first list wherever they stand, those of the second at the start of a
// clause. Korean and Japanese put theirs behind: these are among the
// generalities.
var conditions = sync.OnceValues(func() (anywhere, leading map[string]bool) {
	return wordSet("if when whenever wenn falls sofern lorsque wanneer indien если якщо jeśli jeżeli pokud dersom jika apabila eğer nếu dacă"),
		wordSet("should once si bei caso als en при hvis jos ak ako če kui")
})

// generalities are words by which a clause tells what may or will be.
var generalities = sync.OnceValue(func() map[string]bool {
	return wordSet("may might will would shall could can avoid never können könnte könnten kann peut peuvent pourra puede pueden podrá será serán pode podem poderá può possono kunnen zullen zal kan может могут будет будут може можуть буде może mogą będzie może může mohou bude môže poate voi saattaa")
})

// Generalities and conditions of scripts that write words without blanks, and
// words and endings by which they say that it has come to pass, whatever else the
// clause holds.
var (
	inScripts   = [...]string{"可能", "将", "將", "请勿", "請勿", "切勿", "避免", "場合", "ことがあり", "ことがござい", "おそれ", "恐れ", "超えると", "行うと", "すると", "수 있", "경우", "초과시", "하면", "되면", "อาจ", "กรณี"}
	inScriptsIf = [...]string{"如果", "若", "如您", "如需", "如有", "如查", "如遇", "一旦", "หาก", "ถ้า"}
	happened    = [...]string{"已", "하였", "했습", "되었", "됐습", "ました", "ています", "ております"}
)

// general reports whether a clause tells what may or will be, or what not to
// do.
func general(clause string) bool {
	if !ascii(clause) && holdsAny(clause, inScripts[:]) && !holdsAny(clause, happened[:]) {
		return true
	}
	modal, leading, denied, last := false, true, false, ""
	for w := range strings.FieldsFuncSeq(clause, isGap) {
		w = strings.ToLower(w)
		if modal {
			switch {
			case w == "be", w == "have", w == "been", w == "temporarily":
				continue
			case w == "not", lexicon()[w].mark&isSpent != 0:
				// "Can not be answered", "may be exceeded" are said of now.
			default:
				return true
			}
		}
		modal = generalities()[w] || strings.HasSuffix(w, "bilir") // Turkish has an ending for it
		switch {
		case w == "시", leading && (w == "not" || w == "use"): // Korean "when", behind its clause; "please do not ...", "use RDAP"
			return true
		case w == "exceeding" && !denied && last != "is" && last != "are": // "queries exceeding the limit", not "blocked for exceeding it"
			return true
		case last == "being" && lexicon()[w].mark&isEnded != 0: // "WHOIS is being replaced by RDAP"
			return true
		}
		denied = denied || lexicon()[w].mark&(isDenied|isSlowed) != 0
		last = w
		leading = leading && (w == "please" || w == "do")
	}
	return modal
}

// cutCondition cuts a clause where a condition begins.
func cutCondition(clause string) (head string, conditional bool) {
	end := len(clause)
	for _, w := range inScriptsIf {
		if i := strings.Index(clause[:end], w); i >= 0 {
			end = i
		}
	}
	anywhere, leading := conditions()
	first, last, lastAt := true, "", 0
	for i := 0; i < end; {
		n := strings.IndexFunc(clause[i:end], func(c rune) bool { return !isGap(c) })
		if n < 0 {
			break
		}
		i += n
		n = strings.IndexFunc(clause[i:end], isGap)
		if n < 0 {
			n = end - i
		}
		w := strings.ToLower(clause[i : i+n])
		switch {
		case (anywhere[w] || first && leading[w]) && !strings.Contains(clause[i:], "this message"): // "if you see this message, ..."
			return clause[:i], true
		case w == "case" && last == "in", w == "cas" && last == "en":
			return clause[:lastAt], true
		}
		first, last, lastAt = false, w, i
		i += n
	}
	return clause[:end], end < len(clause)
}

// measured reports whether a sentence states a rate, and not that it was
// exceeded: "10 queries per minute".
func measured(norm string) bool {
	if !ascii(norm) && holdsAny(norm, perUnit[:]) && !holdsAny(norm, happened[:]) {
		return true
	}
	number, rate, unit := false, false, false
	for w := range strings.FieldsSeq(norm) {
		switch {
		case numeric(w):
			number = true
		case w == "per", w == "daily", w == "hourly", w == "a", w == "each", w == "every":
			rate = true
		case w == "second", w == "minute", w == "hour", w == "day", w == "queries", w == "requests", w == "sec", w == "min":
			unit = true
		}
		for _, stem := range [...]string{"exceed", "reach", "block", "bann", "throttl", "excess", "too", "over", "only", "allowed", "denied", "refused", "used", "wait", "away", "again", "slow", "left", "more", "higher"} {
			if strings.HasPrefix(w, stem) {
				return false
			}
		}
	}
	return number && rate && unit
}

// perUnit are the words for it in scripts that write words without blanks.
var perUnit = [...]string{"每天", "每日", "每小时", "每小時", "每分", "1日", "1時間", "1일", "하루"}

// thisName are words by which a sentence about names is about the one asked.
var thisName = [...]string{"this domain", "this name", "this string", "this label", "this is", "this premium", "this platinum", "this reserved", "this blocked", "requested", "queried", "your domain", "この", "当該", "이 도메인", "해당", "요청", "该域名", "此域名", "本域名", "该名", "您查询", "此網域", "該網域", "該域名"}

// explains reports whether a sentence tells of a kind of names, or where to read
// about it: "for reserved names see ...".
func explains(t string) bool {
	low := strings.ToLower(t)
	if holdsAny(low, explanations[:]) {
		return true
	}
	first, second, _ := strings.Cut(low, " ")
	switch first {
	case "see", "about", "regarding", "concerning", "some", "certain", "information":
		return true
	case "for":
		return !strings.HasPrefix(second, "sale") && !strings.HasPrefix(second, "auction")
	case "more", "further", "a", "list", "the":
		return strings.HasPrefix(second, "information") || strings.HasPrefix(second, "details") || strings.HasPrefix(second, "list of") || strings.HasPrefix(second, "of ")
	}
	many, read := false, false
	for w := range strings.FieldsFuncSeq(low, isGap) {
		switch w {
		case "names", "domains", "strings", "words":
			many = true
		case "see", "visit", "listed", "http", "https", "www":
			read = true
		}
	}
	return many && (read || strings.Contains(low, "premium names") || strings.Contains(low, "premium domains"))
}

// explanations are words of such sentences where words have no blanks.
var explanations = [...]string{"について", "に関する", "参照", "ご覧", "관한", "대한", "참조", "참고", "안내", "수 있", "일부 ", "有关", "有關", "关于", "關於", "参见", "參見", "请参", "請參", "详见", "詳見", "请见", "請見"}

func cutSentence(t string) (one, rest string) {
	for i, c := range t {
		switch c {
		case '.', '!', '?':
			if i+1 < len(t) && t[i+1] != ' ' {
				continue
			}
			return t[:i], strings.TrimLeft(t[i+1:], " .!?")
		case '。', '！', '？':
			return t[:i], t[i+len("。"):]
		}
	}
	return t, ""
}

// joints are where one clause ends and another begins.
var joints = [...]string{", ", "; ", ": ", " (", ") ", " - ", " and ", " but ", " because ", "，", "；", "：", "、"}

func cutClause(t string) (one, rest string) {
	end, width := len(t), 0
	for _, j := range joints {
		if i := strings.Index(t[:end], j); i >= 0 && !(j == " because " && strings.HasPrefix(t[i+len(j):], "of ")) {
			end, width = i, len(j)
		}
	}
	return t[:end], t[end+width:]
}

// isGap reports whether a rune stands between words.
func isGap(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && c != '\''
}

func ascii(t string) bool {
	for i := range len(t) {
		if t[i] >= 0x80 {
			return false
		}
	}
	return true
}

func holdsAny(t string, words []string) bool {
	for _, w := range words {
		if strings.Contains(t, w) {
			return true
		}
	}
	return false
}

// wordSet is the set of the words in a text.
func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
