package cli

import "github.com/spf13/cobra"

// commands lists every command, in the order of the help.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.addCommand(), a.editCommand(), a.rmCommand(), a.tagCommand(), a.noteCommand(),
		a.lsCommand(), a.showCommand(), a.historyCommand(), a.importCommand(), a.exportCommand(),

		a.checkCommand(), a.explainCommand(), a.queueCommand(), a.tldCommand(), a.calendarCommand(), a.alertCommand(),

		a.statusCommand(), a.haltCommand(), a.routesCommand(), a.termsCommand(), a.accountCommand(), a.contactCommand(), a.orderCommand(), a.ordersCommand(), a.ledgerCommand(), a.launchCommand(),

		a.preflightCommand(), a.rehearseCommand(), a.catchCommand(), a.eppCommand(),

		a.demoCommand(), a.sandboxCommand(), a.serveCommand(), a.doctorCommand(), a.configCommand(), a.dbCommand(), a.manCommand(), a.versionCommand(),
	}
}
