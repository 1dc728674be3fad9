// Prints kubectl's commands with their texts and flags as JSON: what scripts/generate-kubectl-help.ts makes facts of.
package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
)

type flag struct {
	Name, Shorthand, Type, Default, Usage, Alone, Deprecated string
	Hidden                                                   bool
}

type command struct {
	Use, Short, Long, Example, Deprecated string
	Aliases, SuggestFor                   []string
	Hidden, Runnable                      bool
	Flags, Persistent                     []flag
	Commands                              []command
}

func flags(set *pflag.FlagSet, but *pflag.FlagSet) []flag {
	out := []flag{}
	set.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || (but != nil && but.Lookup(f.Name) != nil) {
			return
		}
		out = append(out, flag{f.Name, f.Shorthand, f.Value.Type(), f.DefValue, f.Usage, f.NoOptDefVal, f.Deprecated, f.Hidden})
	})
	return out
}

func describe(c *cobra.Command) command {
	c.InitDefaultHelpFlag()
	use := c.UseLine()
	if c.HasParent() {
		use = strings.TrimPrefix(use, c.Parent().CommandPath()+" ")
	}
	out := command{
		Use: use, Short: c.Short, Long: c.Long, Example: c.Example, Deprecated: c.Deprecated,
		Aliases: c.Aliases, SuggestFor: c.SuggestFor, Hidden: c.Hidden, Runnable: c.Runnable(),
		Flags: flags(c.LocalNonPersistentFlags(), c.PersistentFlags()), Persistent: flags(c.PersistentFlags(), nil),
	}
	for _, child := range c.Commands() {
		out.Commands = append(out.Commands, describe(child))
	}
	return out
}

func main() {
	root := cmd.NewDefaultKubectlCommand()
	// The flags of klog, which component-base/cli adds to any program.
	logs.AddFlags(root.PersistentFlags())
	if err := json.NewEncoder(os.Stdout).Encode(describe(root)); err != nil {
		panic(err)
	}
}
