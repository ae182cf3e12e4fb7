package widget

import "sort"

// Column is a column of a table. Its width lies between Min and Max and is
// Want where there is room. It leaves as a whole, the highest Prio first;
// Prio 0 never leaves. An Extra column comes only when every other one has
// what it wants.
type Column struct {
	ID    string
	Title string
	Min   int
	Want  int
	Max   int
	Prio  int
	Right bool
	Extra bool
}

// Placed is a column that has a place: X cells from the left, W cells wide.
type Placed struct {
	Column
	X, W int
}

// Place lays columns out in w cells with a gap between them. Columns that stay
// grow to what they want and then to their Max, in the order of their Prio.
func Place(cols []Column, w, gap int) []Placed {
	order := make([]int, len(cols))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return cols[order[a]].Prio < cols[order[b]].Prio })

	width := make([]int, len(cols)) // 0: left
	total := -gap
	grow := func(to func(Column) int, extra bool) {
		for _, i := range order {
			if width[i] > 0 && cols[i].Extra == extra {
				if more := min(to(cols[i])-width[i], w-total); more > 0 {
					width[i] += more
					total += more
				}
			}
		}
	}
	enter := func(extra bool) bool {
		for _, i := range order {
			c := cols[i]
			if c.Extra != extra {
				continue
			}
			if c.Prio > 0 && total+c.Min+gap > w {
				return false
			}
			width[i] = c.Min
			total += c.Min + gap
		}
		return true
	}
	all := enter(false)
	grow(func(c Column) int { return c.Want }, false)
	if all {
		enter(true)
		grow(func(c Column) int { return c.Want }, true)
	}
	grow(func(c Column) int { return c.Max }, false)
	grow(func(c Column) int { return c.Max }, true)

	// What even the columns that never leave do not have: the widest gives.
	for total > w {
		widest := -1
		for i := range width {
			if width[i] > 1 && (widest < 0 || width[i] > width[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		width[widest]--
		total--
	}
	out := make([]Placed, 0, len(cols))
	x := 0
	for i, c := range cols {
		if width[i] > 0 {
			out = append(out, Placed{Column: c, X: x, W: width[i]})
			x += width[i] + gap
		}
	}
	return out
}
