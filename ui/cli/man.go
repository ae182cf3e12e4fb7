package cli

import (
	"errors"
	"fmt"
	"os"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) manCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:     "man",
		Short:   "Write the manual page",
		Example: "  lapse man | man -l -\n  lapse man --folder /usr/local/share/man/man1",
		GroupID: groupProgram,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if folder != "" {
				info, err := os.Stat(folder)
				if err == nil && !info.IsDir() {
					err = errors.New("is no folder")
				}
				if err != nil {
					return usagef("--folder %s: %v", folder, err)
				}
				if err := doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "LAPSE", Section: "1", Source: "lapse " + buildVersion()}, folder); err != nil {
					return fmt.Errorf("write manual: %w", err)
				}
				return nil
			}
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return fmt.Errorf("write manual: %w", err)
			}
			return a.printf("%s", page.Build(roff.NewDocument()))
		},
	}
	cmd.Flags().StringVar(&folder, "folder", "", "write a page a command into a `folder`")
	return cmd
}
