"""One option, one meaning: the same name has the same words, type and default in every command."""

from __future__ import annotations

from collections import defaultdict

import click

from lodestone.commands import main

# What differs because the commands differ: places of other kinds, several scenarios, other things that are replaced.
OWN = {
    "--out": {"attack", "brief", "calibrate", "compare", "pack", "pivot", "report", "solve", "stress", "watch"},
    "--scenario": {"solve", "sweep"},
    "--extra-gap": {"allies", "solve"},
    "--force": {"check", "new", "pack", "pivot"},
    "--from": {"frontier", "stress"},
    "--first-year": {"import", "new"},
    "--last-year": {"import", "new"},
    "--from-year": {"frontier", "stress"},
    "--secure": {"frontier", "solve"},
    "--within": {"alternatives", "ranges"},
}


def test_the_same_option_says_the_same_everywhere():
    said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, command in main.commands.items():
        for option in command.params:
            if isinstance(option, click.Option) and name not in OWN.get(option.opts[0], set()):
                meaning = f"{option.help} {option.type} {option.default} {option.multiple}"
                said[option.opts[0]][meaning].add(name)
    assert {option: dict(by) for option, by in said.items() if len(by) > 1} == {}


def test_only_what_differs_is_called_different():
    for option, commands in OWN.items():
        helps = [p.help for name in commands for p in main.commands[name].params if option in p.opts]
        assert len(set(helps)) > 1, option
