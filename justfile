# What CONTRIBUTING.md lists, by a short name: `just` shows them, `just test` runs one. Without just, type the commands.

default:
    @just --list --unsorted

# everything but the slow tests
test *options:
    pytest -n 2 -m "not slow and not long" {{options}}

# every row of every rule against literal algebra
rules:
    pytest tests/rules

# every test
all *options:
    pytest -n 2 {{options}}

# what solves a real workbook many times
long *options:
    pytest -m long {{options}}

# lines that no test runs
cover:
    pytest -n 2 --cov=

# style, 120 columns
style:
    ruff check . && ruff format .

# types, strict
types:
    mypy cli.py model

# pages made from the code
pages:
    python docs/generate.py

# what the commands in the docs print
printed:
    python docs/run_pages.py

# long solves, for the figures of the docs
record:
    python -m benchmarks.record --write docs/record.json

# what planning and studies take, kept by version and machine, drawn in docs/benchmarks.md
measure *options:
    python -m benchmarks --write {{options}}

# loans, stakes, credits and blank floors on many random workbooks, solved a second time
deals:
    env LODESTONE_ORACLE_SEEDS=200 pytest tests/oracle -k when_asked

# rooms, floors, arrows, lines, and what each capability costs
house:
    python -m benchmarks.house

# promised names that have gone, and new ones
promised:
    python -m docs.promised

# is there a test for each small fault in the rules and the audit
mutants:
    python -m benchmarks.mutants

# all that must hold before a change is merged
ci:
    .ci/run
