package widget

import "sort"

// Column is a column of a table. Its width lies between Min and Max; it leaves
// as a whole, the highest Prio first. Prio 0 never leaves.
type Column struct {
	ID    string
	Title string
	Min   int
	Max   int
	Prio  int
	Right bool
}

// Placed is a column that has a place: X cells from the left, W cells wide.
type Placed struct {
	Column
	X, W int
}

// Place lays columns out in w cells with a gap between them. Columns that stay
// grow towards their Max in the order of their Prio.
func Place(cols []Column, w, gap int) []Placed {
	keep := make([]bool, len(cols))
	total := -gap
	for i, c := range cols {
		keep[i] = true
		total += c.Min + gap
	}
	for total > w {
		worst := -1
		for i, c := range cols {
			if keep[i] && c.Prio > 0 && (worst < 0 || c.Prio > cols[worst].Prio) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		keep[worst] = false
		total -= cols[worst].Min + gap
	}
	var out []Placed
	var order []int
	for i, c := range cols {
		if keep[i] {
			out = append(out, Placed{Column: c, W: c.Min})
			order = append(order, len(out)-1)
		}
	}
	// What even the columns that never leave do not have: the widest gives.
	for total > w && len(out) > 0 {
		widest := 0
		for i := range out {
			if out[i].W > out[widest].W {
				widest = i
			}
		}
		if out[widest].W <= 1 {
			break
		}
		out[widest].W--
		total--
	}
	sort.SliceStable(order, func(a, b int) bool { return out[order[a]].Prio < out[order[b]].Prio })
	for _, i := range order {
		if more := min(out[i].Max-out[i].W, w-total); more > 0 {
			out[i].W += more
			total += more
		}
	}
	x := 0
	for i := range out {
		out[i].X = x
		x += out[i].W + gap
	}
	return out
}
