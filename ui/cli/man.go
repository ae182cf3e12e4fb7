package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

func (a *app) manCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:     "man",
		Short:   "Write the manual page",
		Example: "  lapse man | man -l -\n  lapse man --folder /usr/local/share/man/man1",
		GroupID: groupProgram,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if folder != "" {
				info, err := os.Stat(folder)
				if err == nil && !info.IsDir() {
					err = errors.New("is no folder")
				}
				if err != nil {
					return usagef("--folder %s: %v", folder, err)
				}
				return writePages(cmd.Root(), folder)
			}
			page, err := manPage(cmd.Root())
			if err != nil {
				return err
			}
			return a.printf("%s", page)
		},
	}
	cmd.Flags().StringVar(&folder, "folder", "", "write a page a command into a `folder`")
	return cmd
}

func manPage(cmd *cobra.Command) (string, error) {
	page, err := mango.NewManPage(1, cmd)
	if err != nil {
		return "", fmt.Errorf("write manual: %w", err)
	}
	page.Root.Name = pageName(cmd)
	return page.Build(roff.NewDocument()), nil
}

// pageName is a command's page as man(1) looks for it: lapse-order for lapse
// order.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// writePages writes the pages of a command and of all below it.
func writePages(cmd *cobra.Command, folder string) error {
	page, err := manPage(cmd)
	if err != nil {
		return err
	}
	file := filepath.Join(folder, pageName(cmd)+".1")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		return fmt.Errorf("write manual: %w", err)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			if err := writePages(sub, folder); err != nil {
				return err
			}
		}
	}
	return nil
}
