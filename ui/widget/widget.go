// Package widget draws the small things that screens are made of: lines of
// styled text, tables whose columns leave by priority, timelines, sparklines,
// boxes and text inputs.
//
// Everything here is a plain struct or function: values in, strings out. It
// knows no screen, no clock and no core. Two rules hold for all of it:
//
//   - Nothing is ever cut through. A line knows its width in terminal cells;
//     what does not fit ends in an ellipsis, and a column that has no room
//     leaves as a whole.
//   - Nothing that came from a network or a clipboard reaches the terminal as
//     it came: Line.Put passes every text through Safe.
//
// Styles are opening escape sequences computed once, when a theme is made, so
// that drawing a row appends bytes and renders nothing.
package widget
