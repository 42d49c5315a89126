"""`lodestone completion`: what a shell needs to complete commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PLACES = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/lodestone.fish"}


@click.command()
@click.argument("shell", type=click.Choice(list(PLACES)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script by which a shell completes commands, options and file names with the Tab key.

    Add the output to ~/.bashrc or ~/.zshrc, or for fish to ~/.config/fish/completions/lodestone.fish.

    \b
    Example:
      lodestone completion bash >> ~/.bashrc
    """
    completes = get_completion_class(shell)
    assert completes is not None, shell
    click.echo(completes(ctx.find_root().command, {}, "lodestone", "_LODESTONE_COMPLETE").source())
